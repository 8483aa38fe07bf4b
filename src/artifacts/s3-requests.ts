import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { SnvgError } from '../errors.js';
import { statusOf } from '../s3/client.js';

const attempts = 6;
const firstWaitMs = 100;
/**
 * No request goes on longer with its repetitions: a collection counts on a removal being over well within two minutes (holds.ts). What a
 * store asks to be waited for beyond that is left to the next run.
 */
const patienceMs = 60_000;

type Verb = 'read' | 'written' | 'listed';

/** Requests of one bucket, made again where that may help, with errors that say what to do. */
export class S3Requests {
  readonly client: S3Client;
  readonly bucket: string;
  /** For people. */
  readonly place: string;

  constructor(client: S3Client, bucket: string, place: string) {
    this.client = client;
    this.bucket = bucket;
    this.place = place;
  }

  /**
   * @param request must be repeatable: its reply may have been lost
   * @param passed statuses that are answers, not failures: they are thrown at once as the SDK's error
   * @throws {SnvgError} STORE_UNAVAILABLE, STORE_REFUSED; the signal's reason
   */
  async make<T>(verb: Verb, request: (abortSignal: AbortSignal | undefined) => Promise<T>, options: { passed?: readonly number[]; signal?: AbortSignal | undefined } = {}): Promise<T> {
    const untilMs = performance.now() + patienceMs;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await request(options.signal);
      } catch (error) {
        options.signal?.throwIfAborted();
        if (options.passed?.includes(statusOf(error) ?? 0) && (error as Error).name !== 'NoSuchBucket') throw error;
        const waitMs = Math.max(askedMs(error), firstWaitMs * 2 ** (attempt - 1) * (0.5 + Math.random()));
        if (!mayHelp(error) || attempt === attempts || performance.now() + waitMs > untilMs) throw this.explain(error, verb);
        await sleep(waitMs, undefined, options.signal ? { signal: options.signal } : {}).catch(() => options.signal?.throwIfAborted());
      }
    }
  }

  explain(error: unknown, verb: Verb): SnvgError {
    const { name, message } = error as Error;
    const cause = { cause: error };
    const status = statusOf(error);
    if (name === 'CredentialsProviderError') return new SnvgError('STORE_REFUSED', `No credentials were found for the store ${this.place}`, 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.', cause);
    if (name === 'NoSuchBucket') return new SnvgError('STORE_REFUSED', `The store ${this.place} has no bucket`, 'Check its name and the endpoint, or make it.', cause);
    if (status === 501) return new SnvgError('STORE_REFUSED', `The store ${this.place} lacks a feature that is needed (${name})`, 'Use a store that supports conditional writes, such as AWS S3, Cloudflare R2, MinIO or versitygw.', cause);
    if (name === clockIsWrong) return new SnvgError('STORE_REFUSED', `The store ${this.place} says that the clock of this machine is wrong`, 'Set the clock, then run again.', cause);
    if (status === 401 || status === 403) {
      return new SnvgError('STORE_REFUSED', `The store ${this.place} may not be ${verb} with these credentials (${name})`, 'Check the credentials and the region; the policy must allow s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket.', cause);
    }
    if (mayHelp(error) || status === 409) {
      const why = status === undefined ? ((error as NodeJS.ErrnoException).code ?? message) : `HTTP ${status} ${name}`;
      return new SnvgError('STORE_UNAVAILABLE', `The store ${this.place} cannot be ${verb} (${why})`, 'Run again later, or check the endpoint: finished work is kept.', cause);
    }
    return new SnvgError('STORE_REFUSED', `The store ${this.place} refused to be ${verb} (HTTP ${status} ${name})`, 'Check the address, the region and the endpoint.', cause);
  }
}

/** Whether the same request may go well later: no answer, a server's fault, too many requests. */
function mayHelp(error: unknown): boolean {
  const { name } = error as Error;
  if (name === 'CredentialsProviderError') return false;
  const status = statusOf(error);
  if (status === undefined) return !(error instanceof SnvgError) && !(error instanceof TypeError);
  return (status >= 500 && status !== 501) || status === 429 || status === 408 || name === 'RequestTimeout' || name === 'SlowDown' || name === clockIsWrong;
}

/** The SDK learns the store's time from this refusal, and signs with it from then on. */
const clockIsWrong = 'RequestTimeTooSkewed';

/** What a `retry-after` header asks for; stores write seconds. */
function askedMs(error: unknown): number {
  const { $response } = error as { $response?: { headers?: Record<string, string | undefined> } };
  const seconds = Number($response?.headers?.['retry-after'] ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}
