import type { Problem, Publication } from '../../publishers/publisher.js';
import { sagaCancelled } from './claim.js';
import type { Ended, PublishEvent, Withdrawal } from './order.js';

/** Outcomes after which a moment will not be on a platform without a person's doing. */
const failed: ReadonlySet<Ended['outcome']> = new Set(['failed', 'overlapping', 'kept']);

/**
 * Publications that were asked for together. `strict`: when one of a moment's publications fails, those that nobody can see yet are taken
 * back; otherwise the platforms are independent and the saga only keeps count. What is public stays public either way.
 */
export class Saga implements Withdrawal {
  readonly id: string;
  readonly problem: Problem = {
    code: sagaCancelled,
    message: 'Another platform did not take it, and all were to be published together',
    remedy: 'Publish again when that is solved: it begins anew.',
  };
  readonly #strict: boolean;
  readonly #event: (event: PublishEvent) => void;
  /** By source and lineage: what failed first. */
  readonly #failed = new Map<string, Publication>();
  readonly #ended: Ended[] = [];

  constructor(id: string, options: { strict: boolean; event(event: PublishEvent): void }) {
    this.id = id;
    this.#strict = options.strict;
    this.#event = options.event;
  }

  withdrawn(publication: Publication): boolean {
    const because = this.#failed.get(momentOf(publication));
    return this.#strict && because !== undefined && because.key !== publication.key;
  }

  ended(ended: Ended): void {
    this.#ended.push(ended);
    const { identity } = ended.order;
    const moment = momentOf(identity);
    if (!failed.has(ended.outcome) || this.#failed.has(moment)) return;
    this.#failed.set(moment, ended.publication);
    if (this.#strict) this.#event({ type: 'saga-withdrawn', saga: this.id, lineage: identity.lineage, because: ended.publication });
  }

  /** What the platforms hold of moments that failed elsewhere, to be taken back. */
  compensations(): Ended[] {
    return this.#ended.filter(({ publication, outcome }) => (outcome === 'scheduled' || outcome === 'draft' || outcome === 'left') && this.withdrawn(publication));
  }

  /** What people can see of moments that failed elsewhere: it stays, and is listed. */
  remaining(): Ended[] {
    return this.#ended.filter(({ publication }) => publication.state === 'published' && this.withdrawn(publication));
  }
}

function momentOf({ sourceSha256, lineage }: { sourceSha256: string; lineage: string }): string {
  return `${sourceSha256}/${lineage}`;
}
