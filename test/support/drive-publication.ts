import { LostReply, PlatformFault } from '../../src/publishers/faults.js';
import type { Publication, PublicationStep, PublishContext, Publisher } from '../../src/publishers/publisher.js';

/** Time that a test moves. */
export class HandClock {
  #nowMs = 1_800_000_000_000;
  readonly nowMs = (): number => this.#nowMs;

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}

export interface Drive {
  publisher: Publisher;
  context: PublishContext;
  clock: HandClock;
  /** Steps, counted from 0, at which the process is gone: `lost` once the step is done and not written down, `kept` right after it was written. */
  kills?: ReadonlyMap<number, 'lost' | 'kept'>;
  /** A login that is not accepted is renewed, and accepted the next time. */
  renews?: boolean;
  /** Called with every persisted publication. */
  seen?(publication: Publication): void;
  /** Failures in a row before it is left as it is. */
  patience?: number;
}

const resting = new Set<Publication['state']>(['published', 'scheduled', 'draft', 'failed', 'cancelled', 'unknown']);

/**
 * The rule that publishers are written for, without a ledger: every step is kept before the next; what is found in `committing`, and
 * what was lost there, is looked up and never sent; everything else is done again. Waiting is moving the clock.
 */
export async function drive(start: Publication, { publisher, context, clock, kills = new Map(), renews = false, seen, patience = 30 }: Drive): Promise<Publication> {
  let current = start;
  let written = 0;
  let mustLook = current.state === 'committing' || current.state === 'unknown';
  let failures = 0;
  for (let rounds = 0; rounds < 2000; rounds += 1) {
    if (resting.has(current.state) && !mustLook) return current;
    if (current.notBeforeMs !== null && current.notBeforeMs > clock.nowMs()) clock.advance(current.notBeforeMs - clock.nowMs());
    try {
      const step: PublicationStep = await (mustLook ? looked(publisher, current, context) : publisher.advance(current, context));
      const kill = kills.get(written);
      written += 1;
      if (kill !== 'lost') current = applied(current, step);
      mustLook = kill !== undefined && current.state === 'committing';
      if (kill !== undefined) continue;
      failures = 0;
      seen?.(current);
    } catch (error) {
      failures += 1;
      if (error instanceof LostReply) mustLook = current.state === 'committing' || mustLook;
      else if (error instanceof PlatformFault) {
        if (error.kind === 'refused' || (error.kind === 'auth' && !(renews && failures === 1))) return { ...current, state: 'failed', problem: { code: error.code, message: error.message, remedy: error.remedy } };
      } else throw error;
      if (failures > patience) return current;
      const retryAtMs = error instanceof PlatformFault ? error.retryAtMs : undefined;
      clock.advance(Math.max(1000, (retryAtMs ?? 0) - clock.nowMs()));
    }
  }
  throw new Error(`${publisher.id} does not settle`);
}

async function looked(publisher: Publisher, publication: Publication, context: PublishContext): Promise<PublicationStep> {
  const lookup = await publisher.lookup(publication, context);
  if ('found' in lookup) return lookup.found;
  if ('absent' in lookup) return lookup.absent;
  if ('later' in lookup) return { state: publication.state, handle: lookup.later.handle, notBeforeMs: lookup.later.notBeforeMs };
  return { state: 'unknown', problem: { code: 'PUBLICATION_UNKNOWN', message: lookup.undecided.reason, remedy: '', question: lookup.undecided.question } };
}

/** A step as the ledger keeps it. */
export function applied(publication: Publication, step: PublicationStep): Publication {
  return {
    ...publication,
    state: step.state,
    handle: step.handle === undefined ? publication.handle : step.handle,
    url: step.url ?? publication.url,
    notBeforeMs: step.notBeforeMs ?? null,
    problem: step.problem ?? null,
  };
}
