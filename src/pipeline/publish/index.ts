import type { Publication, PublicationState, PublicationStep, PublishContext, Publisher } from '../../publishers/publisher.js';

/** A publisher that never settles is a fault of its own, not a reason to hang. */
const maxSteps = 10_000;

const settled: ReadonlySet<PublicationState> = new Set(['published', 'scheduled', 'draft', 'failed', 'cancelled', 'unknown']);

/** No further step will happen by itself. */
export function isSettled(state: PublicationState): boolean {
  return settled.has(state);
}

/**
 * Moves one publication to where it rests, persisting every step before the next. Publishing is the one effect of
 * snvg, so it is not a cached task: its memory is the publications ledger.
 *
 * @param record persists a step and returns the publication as it now stands
 */
export async function publishClip(publisher: Publisher, publication: Publication, context: PublishContext, record: (step: PublicationStep) => Publication): Promise<Publication> {
  let current = publication;
  if (current.state === 'unknown') {
    const found = await publisher.lookup(current, context);
    if ('undecided' in found || 'later' in found) return current;
    current = record('found' in found ? found.found : found.absent);
  }
  if (current.state === 'failed') current = record({ state: current.handle === null ? 'claimed' : 'prepared' });
  for (let step = 0; !isSettled(current.state); step += 1) {
    if (step === maxSteps) throw new Error(`publisher ${publisher.id} does not settle`);
    context.signal.throwIfAborted();
    try {
      current = record(await publisher.advance(current, context));
    } catch (error) {
      if (context.signal.aborted) throw error;
      record({ state: 'failed', problem: { code: 'REMOTE_REFUSED', message: error instanceof Error ? error.message : String(error), remedy: 'Publish again.' } });
      throw error;
    }
  }
  return current;
}
