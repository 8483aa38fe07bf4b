import { type GetObjectCommandOutput, S3Client, type S3ClientConfig, S3ServiceException } from '@aws-sdk/client-s3';
import { SnvgError } from '../../errors.js';
import { Retryable } from '../remote-object.js';

export interface S3Access {
  /** Null: AWS, or what AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL say. */
  endpoint: string | null;
  /** Attempts of the SDK itself; a download makes its own and continues where it stopped. */
  attempts: number;
  /** Without an answer for this long, a connection is given up. */
  silenceMs: number;
}

/**
 * A client with the credentials and region that the AWS tools find (variables, `~/.aws`, roles; without any region, us-east-1). With an
 * endpoint of one's own the bucket stands in the path, as S3-compatible stores expect.
 */
export async function openS3({ endpoint, attempts, silenceMs }: S3Access): Promise<S3Client> {
  // It warns of a Node that this package will leave one day, which nobody who makes clips can do anything about.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const ownEndpoint = endpoint ?? process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL'];
  const config: S3ClientConfig = {
    maxAttempts: attempts,
    followRegionRedirects: true,
    requestHandler: { connectionTimeout: silenceMs, socketTimeout: silenceMs },
    // Stores that are not AWS often lack the newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(ownEndpoint ? { endpoint: ownEndpoint, forcePathStyle: true } : {}),
  };
  const client = new S3Client(config);
  const region = await client.config.region().catch(() => undefined);
  if (region) return client;
  client.destroy();
  return new S3Client({ ...config, region: 'us-east-1' });
}

export interface S3Address {
  bucket: string;
  key: string;
}

export function addressOf(given: string): S3Address {
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.*)$/is.exec(given) ?? [];
  return { bucket, key };
}

/** What a failed request means. `changed`: the object is no longer the version asked for. */
export function explainS3(error: unknown, given: string): unknown {
  const cause = { cause: error };
  const { name } = error as Error;
  if (name === 'CredentialsProviderError') {
    return new SnvgError('REMOTE_REFUSED', `No credentials were found to read ${given}`, 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.', cause);
  }
  const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
  if (name === 'NoSuchKey' || name === 'NoSuchBucket' || name === 'NotFound' || status === 404) return new SnvgError('SOURCE_NOT_FOUND', `There is no ${given}${name === 'NoSuchBucket' ? ': the bucket does not exist' : ''}`, 'Check the bucket and the key.', cause);
  if (status === 401 || status === 403) return new SnvgError('REMOTE_REFUSED', `${given} may not be read with these credentials (${name})`, 'Check the credentials, the bucket’s policy and the region.', cause);
  if (status === undefined || status >= 500 || status === 429) return new Retryable(status === undefined ? `the store does not answer (${(error as NodeJS.ErrnoException).code ?? name})` : `HTTP ${status} ${name}`, cause);
  return new SnvgError('REMOTE_REFUSED', `${given} was refused (${name})`, 'Check the address, the region and the endpoint.', cause);
}

export type GetObjectOutput = GetObjectCommandOutput;
