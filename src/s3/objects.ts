import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { statusOf } from './client.js';

const mostTurns = 20;
const turnMs = 100;

/** Small texts in a bucket that are written once. Errors are the SDK's: their meaning depends on who asks. */
export class S3Objects {
  readonly bucket: string;
  readonly #client: S3Client;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.bucket = bucket;
  }

  /** Writes an object that is not there yet. When the reply was lost and the request repeated, `exists` may be this very text. */
  async create(key: string, text: string): Promise<'created' | 'exists'> {
    for (let turn = 1; ; turn += 1) {
      try {
        await this.#client.send(new PutObjectCommand({ Bucket: this.bucket, Key: key, Body: text, ContentType: 'application/json', IfNoneMatch: '*' }));
        return 'created';
      } catch (error) {
        const status = statusOf(error);
        if (status === 412) return 'exists';
        // Two writes of one object at the same moment: the store asks for another try, which then finds the winner.
        if (status !== 409 || turn === mostTurns) throw error;
        await sleep(Math.random() * turnMs);
      }
    }
  }

  /** Undefined: it is not there. */
  async read(key: string): Promise<string | undefined> {
    try {
      const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.bucket, Key: key }));
      return (await Body?.transformToString()) ?? '';
    } catch (error) {
      if (statusOf(error) === 404 && (error as Error).name !== 'NoSuchBucket') return undefined;
      throw error;
    }
  }

  /** All keys that begin with `prefix`, in order; only those behind `after` when it is given. */
  async *keys(prefix: string, after?: string): AsyncIterable<string> {
    let token: string | undefined;
    do {
      const page = await this.#client.send(new ListObjectsV2Command({ Bucket: this.bucket, Prefix: prefix, StartAfter: after, ContinuationToken: token }));
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key;
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async delete(key: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand({ Bucket: this.bucket, Key: key }));
  }

  close(): void {
    this.#client.destroy();
  }
}
