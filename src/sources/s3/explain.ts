import { SnvgError } from '../../errors.js';
import { statusOf } from '../../s3/client.js';
import { Retryable } from '../remote-object.js';

/** What a failed request means. `changed`: the object is no longer the version asked for. */
export function explainS3(error: unknown, given: string): unknown {
  const cause = { cause: error };
  const { name } = error as Error;
  if (name === 'CredentialsProviderError') {
    return new SnvgError('REMOTE_REFUSED', `No credentials were found to read ${given}`, 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.', cause);
  }
  const status = statusOf(error);
  if (name === 'NoSuchKey' || name === 'NoSuchBucket' || name === 'NotFound' || status === 404) return new SnvgError('SOURCE_NOT_FOUND', `There is no ${given}${name === 'NoSuchBucket' ? ': the bucket does not exist' : ''}`, 'Check the bucket and the key.', cause);
  if (status === 401 || status === 403) return new SnvgError('REMOTE_REFUSED', `${given} may not be read with these credentials (${name})`, 'Check the credentials, the bucket’s policy and the region.', cause);
  if (status === undefined || status >= 500 || status === 429) return new Retryable(status === undefined ? `the store does not answer (${(error as NodeJS.ErrnoException).code ?? name})` : `HTTP ${status} ${name}`, cause);
  return new SnvgError('REMOTE_REFUSED', `${given} was refused (${name})`, 'Check the address, the region and the endpoint.', cause);
}
