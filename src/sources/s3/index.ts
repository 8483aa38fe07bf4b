import type { Readable } from 'node:stream';
import { GetObjectCommand, type GetObjectCommandOutput, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { SnvgError } from '../../errors.js';
import { addressOf, openS3, statusOf } from '../../s3/client.js';
import { download } from '../download.js';
import { isMedia } from '../local/media-files.js';
import { type RemoteBody, type RemoteObject, Retryable, type Validator } from '../remote-object.js';
import type { FetchContext, InputRef, LocalInput, SourceKind } from '../source.js';
import { explainS3 } from './explain.js';

const mostObjects = 10_000;
const listingSilenceMs = 30_000;

/** An object of an S3-compatible store. */
export const s3: SourceKind = {
  fetch: async (ref: InputRef, context: FetchContext): Promise<LocalInput> => {
    const client = await openS3({ endpoint: context.s3Endpoint, attempts: 1, silenceMs: context.silenceMs });
    try {
      return await download({ given: ref.given, name: ref.name, object: new S3Object(client, ref.given), accept: () => {} }, context);
    } finally {
      client.destroy();
    }
  },
};

class S3Object implements RemoteObject {
  readonly name: string;
  readonly #client: S3Client;

  constructor(client: S3Client, given: string) {
    this.#client = client;
    this.name = given;
  }

  async open(startByte: number, validator: Validator | undefined, signal: AbortSignal): Promise<RemoteBody | 'unchanged'> {
    const { bucket, key } = addressOf(this.name);
    const etag = validator?.etag ?? undefined;
    const conditions = startByte > 0 ? { Range: `bytes=${startByte}-`, IfMatch: etag } : { IfNoneMatch: etag };
    try {
      return bodyOf(await this.#client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...conditions }), { abortSignal: signal }), startByte);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Retryable) throw error;
      const status = statusOf(error);
      if (status === 304) return 'unchanged';
      // Another version lies there now, or a shorter one: from the beginning.
      if (startByte > 0 && (status === 412 || status === 416)) return this.open(0, undefined, signal);
      throw explainS3(error, this.name);
    }
  }
}

function bodyOf(output: GetObjectCommandOutput, startByte: number): RemoteBody {
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(output.ContentRange ?? '');
  const begins = range ? Number(range[1]) : 0;
  // In Node the SDK answers with a stream of Node's.
  const bytes = output.Body as Readable | undefined;
  if (!bytes) throw new Retryable('the store sent no bytes');
  if (begins !== 0 && begins !== startByte) {
    bytes.destroy();
    throw new Retryable('the store sent another part than the one asked for');
  }
  return {
    startByte: begins,
    totalBytes: range ? Number(range[2]) : output.ContentLength,
    validator: { etag: output.ETag ?? null, lastModified: output.LastModified?.toUTCString() ?? null },
    fileName: undefined,
    contentType: output.ContentType?.split(';')[0]?.toLowerCase(),
    bytes,
  };
}

/**
 * The films and sounds directly below `s3://bucket/folder/`.
 * @returns their addresses
 * @throws {SnvgError} MEDIA_MISSING when there is none, USAGE when there are too many; REMOTE_*, SOURCE_NOT_FOUND
 */
export async function listS3(prefix: string, endpoint: string | null): Promise<string[]> {
  const client = await openS3({ endpoint, attempts: 4, silenceMs: listingSilenceMs });
  const { bucket, key } = addressOf(prefix.endsWith('/') ? prefix : `${prefix}/`);
  const found: string[] = [];
  try {
    let token: string | undefined;
    do {
      const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: key, Delimiter: '/', ContinuationToken: token }));
      for (const { Key: name } of page.Contents ?? []) {
        if (name !== undefined && isMedia(name.split('/').at(-1) ?? '')) found.push(`s3://${bucket}/${name}`);
      }
      if (found.length > mostObjects) throw new SnvgError('USAGE', `${prefix} holds more than ${mostObjects} files`, 'Name a smaller folder, or give a list with --from-list.');
      token = page.NextContinuationToken;
    } while (token !== undefined);
  } catch (error) {
    const explained = explainS3(error, prefix);
    throw explained instanceof Retryable ? new SnvgError('REMOTE_UNAVAILABLE', `${prefix} cannot be listed: ${explained.message}`, 'Run again later, or check the endpoint.', { cause: error }) : error instanceof SnvgError ? error : explained;
  } finally {
    client.destroy();
  }
  if (found.length === 0) throw new SnvgError('MEDIA_MISSING', `${prefix} holds no video or sound file`, 'Check the bucket and the folder.');
  return found;
}
