import type { Exchange } from '../../../artifacts/exchange.js';
import { ArtifactDamaged, ArtifactMissing } from '../../../artifacts/faults.js';

/** What the queue needs of the place where coordinators and workers leave files for each other. All of them see the same. */
export type QueueExchange = Pick<Exchange, 'artifacts' | 'results'>;

/** Whether an artifact itself is at fault, not the way to it. */
export function isUnusable(error: unknown): boolean {
  return error instanceof ArtifactMissing || error instanceof ArtifactDamaged;
}
