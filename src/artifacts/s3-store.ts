import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  type GetObjectCommandOutput,
} from '@aws-sdk/client-s3';
import { openS3, statusOf } from '../s3/client.js';
import type { Content } from './hash.js';
import { S3Requests } from './s3-requests.js';
import { partBytes, uploadInParts } from './s3-upload.js';
import { ObjectMissing, type ObjectInfo, type SharedObjects, type Unfinished } from './shared-objects.js';
import { StoreClock } from './store-clock.js';
import type { ArtifactSource } from './store.js';

const silenceMs = 20_000;
/** How often a read goes on where it broke off without a byte in between. */
const mostBreaks = 5;
/** Two writes of one object at the same moment: how often the store is asked again, and how long apart at most. */
const mostTurns = 20;
const turnMs = 100;
const touches = 'touched/';

export interface S3Place {
  bucket: string;
  /** Without a slash at its ends; may be empty. */
  prefix: string;
  /** Null: AWS, or what the variables of the AWS tools say. */
  endpoint: string | null;
}

/** Opens a place in an S3-compatible store; nothing is asked of it yet. */
export async function openS3Store({ bucket, prefix, endpoint }: S3Place): Promise<SharedObjects> {
  // Repetitions are made by S3Requests: the SDK would wait for as long as a store asks for.
  const client = await openS3({ endpoint, attempts: 1, silenceMs });
  return new S3Store(new S3Requests(client, bucket, `s3://${bucket}/${prefix}`), prefix === '' ? '' : `${prefix}/`);
}

/**
 * Objects in an S3-compatible store. A write of what must not be there yet carries `If-None-Match: *`: of several writers the store takes
 * one. An object's own time cannot be changed, so it is made young by an empty object beside it, `touched/<key>`.
 */
class S3Store implements SharedObjects {
  readonly place: string;
  readonly #requests: S3Requests;
  readonly #root: string;
  readonly #clock = new StoreClock(() => this.#probe());
  /** The `date` of the last answer. */
  #saidMs: number | undefined;

  constructor(requests: S3Requests, root: string) {
    this.place = requests.place;
    this.#requests = requests;
    this.#root = root;
    requests.client.middlewareStack.add(
      (next) => async (args) => {
        const answer = await next(args);
        const { headers } = answer.response as { headers?: Record<string, string | undefined> };
        const saidMs = Date.parse(headers?.['date'] ?? '');
        if (!Number.isNaN(saidMs)) this.#saidMs = saidMs;
        return answer;
      },
      // Next to the network: it sees refusals too.
      { step: 'deserialize', priority: 'low', name: 'storeClock' },
    );
  }

  nowMs(): Promise<number> {
    return this.#clock.nowMs();
  }

  async *list(folder: string): AsyncIterable<ObjectInfo> {
    const { client, bucket: Bucket } = this.#requests;
    let ContinuationToken: string | undefined;
    do {
      const page = await this.#requests.make('listed', (abortSignal) => client.send(new ListObjectsV2Command({ Bucket, Prefix: this.#root + folder, ContinuationToken }), { abortSignal }));
      for (const { Key, Size = 0, LastModified } of page.Contents ?? []) {
        if (Key !== undefined && LastModified !== undefined) yield { key: Key.slice(this.#root.length), sizeBytes: Size, modifiedMs: LastModified.getTime() };
      }
      ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (ContinuationToken !== undefined);
  }

  async find(key: string, options: { touches?: boolean } = {}): Promise<ObjectInfo | undefined> {
    const [info, touch] = await Promise.all([this.#head(key), options.touches ? this.#head(touches + key) : undefined]);
    return info && { ...info, modifiedMs: Math.max(info.modifiedMs, touch?.modifiedMs ?? 0) };
  }

  async create(key: string, source: ArtifactSource, content: Content): Promise<'created' | 'exists'> {
    if ('path' in source && content.sizeBytes > partBytes) return uploadInParts(this.#requests, this.#root + key, source.path, content);
    const Body = 'path' in source ? await readFile(source.path) : source.bytes;
    for (let turn = 1; ; turn += 1) {
      try {
        // The store takes the hash of what comes, refuses what does not have it, and tells it later.
        await this.#put(key, { Body, IfNoneMatch: '*', ChecksumSHA256: Buffer.from(content.hash, 'hex').toString('base64') }, [412, 409]);
        return 'created';
      } catch (error) {
        const status = statusOf(error);
        if (status === 412) return 'exists';
        if (status !== 409) throw error;
        if (turn === mostTurns) throw this.#requests.explain(error, 'written');
        await sleep(Math.random() * turnMs);
      }
    }
  }

  async replace(key: string, bytes: Uint8Array): Promise<void> {
    await this.#put(key, { Body: bytes }, []);
  }

  async touch(key: string): Promise<boolean> {
    await this.#put(touches + key, { Body: new Uint8Array() }, []);
    return (await this.#head(key)) !== undefined;
  }

  async *read(key: string, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    let position = 0;
    let breaks = 0;
    let first: GetObjectCommandOutput | undefined;
    for (;;) {
      const answer = await this.#get(key, first && { Range: `bytes=${position}-`, IfMatch: first.ETag }, signal);
      first ??= answer;
      const sizeBytes = first.ContentLength ?? 0;
      let failure: unknown;
      // The SDK's body is a stream of Node here.
      const chunks = (answer.Body as Readable)[Symbol.asyncIterator]();
      try {
        for (;;) {
          const { done, value } = await chunks.next().catch((error: unknown) => {
            signal?.throwIfAborted();
            failure = error;
            return { done: true, value: undefined };
          });
          if (done) break;
          position += (value as Uint8Array).byteLength;
          breaks = 0;
          yield value as Uint8Array;
        }
      } finally {
        (answer.Body as Readable).destroy();
      }
      if (position >= sizeBytes) return;
      breaks += 1;
      if (breaks > mostBreaks) throw this.#requests.explain(failure ?? new Error('the connection ended early'), 'read');
    }
  }

  async delete(key: string): Promise<void> {
    const { client, bucket: Bucket } = this.#requests;
    await this.#requests.make('written', (abortSignal) => client.send(new DeleteObjectCommand({ Bucket, Key: this.#root + key }), { abortSignal }));
  }

  async *unfinished(): AsyncIterable<Unfinished> {
    const { client, bucket: Bucket } = this.#requests;
    let marker: { KeyMarker: string | undefined; UploadIdMarker: string | undefined } | undefined;
    do {
      const page = await this.#requests.make('listed', (abortSignal) => client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: this.#root, ...marker }), { abortSignal }));
      for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
        if (Key === undefined || UploadId === undefined || Initiated === undefined || !Key.startsWith(this.#root)) continue;
        yield { name: Key.slice(this.#root.length), sizeBytes: await this.#uploadedBytes(Key, UploadId), startedMs: Initiated.getTime(), remove: () => this.#abort(Key, UploadId) };
      }
      marker = page.IsTruncated ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : undefined;
    } while (marker);
  }

  async tidy(beforeMs: number): Promise<void> {
    for await (const { key, modifiedMs } of this.list(touches)) if (modifiedMs < beforeMs) await this.delete(key);
  }

  close(): Promise<void> {
    this.#requests.client.destroy();
    return Promise.resolve();
  }

  /** Whatever it answers, it says what time it is. */
  async #probe(): Promise<number> {
    this.#saidMs = undefined;
    await this.#head('store.json');
    return this.#saidMs ?? Date.now();
  }

  async #put(key: string, what: { Body: Uint8Array; IfNoneMatch?: string; ChecksumSHA256?: string }, passed: readonly number[]): Promise<void> {
    const { client, bucket: Bucket } = this.#requests;
    await this.#requests.make('written', (abortSignal) => client.send(new PutObjectCommand({ Bucket, Key: this.#root + key, ...what }), { abortSignal }), { passed });
  }

  async #get(key: string, from: { Range: string; IfMatch: string | undefined } | undefined, signal: AbortSignal | undefined): Promise<GetObjectCommandOutput> {
    const { client, bucket: Bucket } = this.#requests;
    try {
      return await this.#requests.make('read', (abortSignal) => client.send(new GetObjectCommand({ Bucket, Key: this.#root + key, ...from }), { abortSignal }), { passed: [404, 412, 416], signal });
    } catch (error) {
      // 412 and 416: another object has taken its place while it was read.
      if (statusOf(error) !== undefined) throw new ObjectMissing(`${key} is not in ${this.place}`, { cause: error });
      throw error;
    }
  }

  async #head(key: string): Promise<ObjectInfo | undefined> {
    const { client, bucket: Bucket } = this.#requests;
    try {
      const head = await this.#requests.make('read', (abortSignal) => client.send(new HeadObjectCommand({ Bucket, Key: this.#root + key, ChecksumMode: 'ENABLED' }), { abortSignal }), { passed: [404] });
      const { ContentLength: sizeBytes = 0, LastModified, ChecksumSHA256, ChecksumType } = head;
      // Of an upload in parts it is the hash of the parts' hashes.
      const own = ChecksumSHA256 !== undefined && !ChecksumSHA256.includes('-') && ChecksumType !== 'COMPOSITE';
      return { key, sizeBytes, modifiedMs: LastModified?.getTime() ?? 0, ...(own ? { sha256: Buffer.from(ChecksumSHA256, 'base64').toString('hex') } : {}) };
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  async #uploadedBytes(Key: string, UploadId: string): Promise<number> {
    const { client, bucket: Bucket } = this.#requests;
    const parts = await this.#requests.make('listed', (abortSignal) => client.send(new ListPartsCommand({ Bucket, Key, UploadId }), { abortSignal }), { passed: [404] }).catch((error: unknown) => {
      if (statusOf(error) === 404) return undefined;
      throw error;
    });
    return (parts?.Parts ?? []).reduce((sum, { Size = 0 }) => sum + Size, 0);
  }

  async #abort(Key: string, UploadId: string): Promise<void> {
    const { client, bucket: Bucket } = this.#requests;
    await this.#requests.make('written', (abortSignal) => client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }), { abortSignal }), { passed: [404] }).catch((error: unknown) => {
      if (statusOf(error) !== 404) throw error;
    });
  }
}
