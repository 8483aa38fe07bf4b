import { afterEach, beforeEach, onTestFinished, vi } from 'vitest';
import { type S3Options, type S3Server, s3Keys, startS3 } from './s3-server.js';

/** Gives every test of a file the keys of the store, as the AWS tools find them. */
export function withS3Keys(): void {
  beforeEach(() => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', s3Keys.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', s3Keys.secretAccessKey);
    vi.stubEnv('AWS_REGION', 'us-east-1');
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  });
  afterEach(() => vi.unstubAllEnvs());
}

/** A store for the length of one test. */
export async function servedS3(options: S3Options = {}): Promise<S3Server> {
  const server = await startS3({}, options);
  onTestFinished(() => server.close());
  return server;
}
