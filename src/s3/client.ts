import { S3Client, type S3ClientConfig, S3ServiceException } from '@aws-sdk/client-s3';

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

/** The HTTP status of a refusal; undefined when no answer came. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}
