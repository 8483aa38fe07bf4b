import { CreateMultipartUploadCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { openS3 } from '../../src/s3/client.js';

/** Begins an upload in parts, sends one, and leaves it. @returns its id */
export async function leaveUpload(endpoint: string, Bucket: string, Key: string): Promise<string> {
  const client = await openS3({ endpoint, attempts: 2, silenceMs: 5_000 });
  const { UploadId = '' } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: Buffer.alloc(1000) }));
  client.destroy();
  return UploadId;
}
