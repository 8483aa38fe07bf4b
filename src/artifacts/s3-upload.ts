import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CreateMultipartUploadCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { statusOf } from '../s3/client.js';
import { ArtifactDamaged } from './faults.js';
import type { Content } from './hash.js';
import type { S3Requests } from './s3-requests.js';

/** The least size of a part but the last is 5 MB, and 10,000 parts the most (Amazon S3 User Guide, checked 2026-11). */
export const partBytes = 8 * 1024 * 1024;
const mostParts = 10_000;
/** Memory at its most: as many parts. */
const partsAtOnce = 3;
/** How often an upload begins anew because another of the same object came in between. */
const mostTurns = 4;

/**
 * Sends a file as parts of one object, in constant memory. What has begun and does not end well is aborted; what even that does not reach
 * is collected later. The bytes of each part are in its signature, so that the store refuses any other.
 * @throws {ArtifactDamaged} when the file is not, or is no longer, what it should be
 */
export async function uploadInParts(requests: S3Requests, key: string, path: string, content: Content): Promise<'created' | 'exists'> {
  for (let turn = 1; ; turn += 1) {
    const outcome = await uploadOnce(requests, key, path, content, turn === mostTurns);
    if (outcome !== 'again') return outcome;
  }
}

async function uploadOnce(requests: S3Requests, key: string, path: string, content: Content, last: boolean): Promise<'created' | 'exists' | 'again'> {
  const { client, bucket: Bucket } = requests;
  const { UploadId } = await requests.make('written', (abortSignal) => client.send(new CreateMultipartUploadCommand({ Bucket, Key: key }), { abortSignal }));
  try {
    const parts = await sendParts(requests, key, path, content, UploadId);
    const MultipartUpload = { Parts: parts.map((ETag, index) => ({ ETag, PartNumber: index + 1 })) };
    await requests.make('written', (abortSignal) => client.send(new CompleteMultipartUploadCommand({ Bucket, Key: key, UploadId, MultipartUpload, IfNoneMatch: '*' }), { abortSignal }), { passed: [412, 409, 404] });
    return 'created';
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key: key, UploadId })).catch(() => {});
    const status = statusOf(error);
    if (status === 412) return 'exists';
    // 409: another write of this object went on at the same moment. 404: the upload is gone, for it was completed and the reply was lost, or a collection took it.
    if (!last && (status === 409 || status === 404)) return 'again';
    throw status === undefined ? error : requests.explain(error, 'written');
  }
}

/** @returns the ETag of each part */
async function sendParts(requests: S3Requests, key: string, path: string, content: Content, UploadId: string | undefined): Promise<string[]> {
  const { client, bucket: Bucket } = requests;
  const sizeBytes = Math.max(partBytes, Math.ceil(content.sizeBytes / mostParts / partBytes) * partBytes);
  const seen = createHash('sha256');
  const tags: Promise<string>[] = [];
  const handle = await open(path, 'r');
  try {
    for (let start = 0; start < content.sizeBytes; start += sizeBytes) {
      const Body = Buffer.allocUnsafe(Math.min(sizeBytes, content.sizeBytes - start));
      if ((await handle.read(Body, 0, Body.length, start)).bytesRead < Body.length) throw new ArtifactDamaged(content.hash, path);
      seen.update(Body);
      const PartNumber = tags.length + 1;
      const sent = requests
        .make('written', (abortSignal) => client.send(new UploadPartCommand({ Bucket, Key: key, UploadId, PartNumber, Body }), { abortSignal }), { passed: [404] })
        .then(({ ETag = '' }) => ETag);
      // Waited for in turn: one that fails meanwhile is not unhandled.
      sent.catch(() => {});
      tags.push(sent);
      await tags[tags.length - partsAtOnce];
    }
  } finally {
    await Promise.allSettled(tags);
    await handle.close();
  }
  if (seen.digest('hex') !== content.hash) throw new ArtifactDamaged(content.hash, path);
  return Promise.all(tags);
}
