import { setTimeout as sleep } from 'node:timers/promises';

/**
 * What a network file system says while its server is away or has moved a file meanwhile: ESTALE, a handle that the server no longer
 * knows; EIO, a request of a soft mount that was given up; ETIMEDOUT and the like while it reconnects.
 */
const passing = new Set(['ESTALE', 'EIO', 'ETIMEDOUT', 'EHOSTDOWN', 'EHOSTUNREACH', 'EREMOTEIO', 'EAGAIN']);
const attempts = 6;
const firstWaitMs = 50;

/** Whether a failure of the file system may be gone at the next try. */
export function mayPass(error: unknown): boolean {
  return passing.has((error as NodeJS.ErrnoException).code ?? '');
}

/** Makes a request of a file system again while it says what `mayPass`, three seconds in all. It must be repeatable. */
export async function patiently<T>(request: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await request();
    } catch (error) {
      if (!mayPass(error) || attempt === attempts) throw error;
      await sleep(firstWaitMs * 2 ** (attempt - 1) * (0.5 + Math.random()));
    }
  }
}
