import type { PublicationState } from '../../publishers/publisher.js';

const settled: ReadonlySet<PublicationState> = new Set(['published', 'scheduled', 'draft', 'failed', 'cancelled', 'unknown']);
const posted: ReadonlySet<PublicationState> = new Set(['published', 'scheduled', 'draft']);

/** No further step will happen by itself. */
export function isSettled(state: PublicationState): boolean {
  return settled.has(state);
}

/** The platform has it: public, or holding it for later. */
export function isPosted(state: PublicationState): boolean {
  return posted.has(state);
}
