import { SnvgError } from '../errors.js';
import { statusOf } from '../s3/client.js';

/** What a failed request to the ledger's store means: LEDGER_UNAVAILABLE when it may be better later, else LEDGER_REFUSED. */
export function explainStore(error: unknown, place: string, verb: 'read' | 'written' | 'listed'): SnvgError {
  const { name, message } = error as Error;
  const cause = { cause: error };
  const status = statusOf(error);
  if (name === 'CredentialsProviderError') {
    return new SnvgError('LEDGER_REFUSED', `No credentials were found for the ledger ${place}`, 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.', cause);
  }
  if (name === 'NoSuchBucket') return new SnvgError('LEDGER_REFUSED', `The ledger ${place} has no bucket`, 'Check its name and the endpoint, or make it.', cause);
  if (name === 'NotImplemented' || status === 501) return storeLacksConditions(place, error);
  if (status === 401 || status === 403) {
    return new SnvgError('LEDGER_REFUSED', `The ledger ${place} may not be ${verb} with these credentials (${name})`, 'Check the credentials and the region; the policy must allow s3:GetObject, s3:PutObject and s3:ListBucket.', cause);
  }
  // SlowDown and RequestTimeout come as 503 and 400; 409: writers kept colliding.
  if (status === undefined || status >= 500 || status === 429 || status === 408 || status === 409 || name === 'RequestTimeout') {
    const why = status === undefined ? ((error as NodeJS.ErrnoException).code ?? message) : `HTTP ${status} ${name}`;
    return new SnvgError('LEDGER_UNAVAILABLE', `The ledger ${place} cannot be ${verb} (${why})`, 'Nothing is posted without it. Run again later, or check the endpoint.', cause);
  }
  return new SnvgError('LEDGER_REFUSED', `The ledger ${place} was refused (HTTP ${status} ${name})`, 'Check the address, the region and the endpoint.', cause);
}

export function storeLacksConditions(place: string, cause?: unknown): SnvgError {
  return new SnvgError('LEDGER_REFUSED', `The store of ${place} does not refuse to write over an object (If-None-Match: * on PutObject)`, 'Two machines could post the same clip. Use a store that supports conditional writes, such as AWS S3, Cloudflare R2 or MinIO.', { cause });
}
