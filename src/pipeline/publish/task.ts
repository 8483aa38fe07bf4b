import type { Problem, Publication, PublicationState } from '../../publishers/publisher.js';
import type { Ended, Order, Outcome } from './order.js';
import { isSettled } from './states.js';

/** One order being worked on. */
export class Task {
  readonly order: Order;
  publication: Publication;
  /** Not to be moved before. */
  notBeforeMs: number;
  /** Set once it is known when a request that may be under way has come to its end. */
  lookAfterMs: number | undefined;
  /** Failures in a row, failures in all, and since when the row lasts. */
  failures = 0;
  allFailures = 0;
  troubleSinceMs: number | undefined;
  steps = 0;
  movedMs = 0;
  /** The platform would not take it back: it goes on. */
  stays = false;
  #ended: Ended | undefined;

  constructor(order: Order, publication: Publication) {
    this.order = order;
    this.publication = publication;
    this.notBeforeMs = publication.notBeforeMs ?? 0;
  }

  get ended(): Ended | undefined {
    return this.#ended;
  }

  /** Nothing has been sent of it. */
  get isFresh(): boolean {
    const { state, handle } = this.publication;
    return (state === 'claimed' || state === 'planned') && handle === null;
  }

  /** The platform works on it, or is to be asked about it: no bytes are sent. */
  get isAsking(): boolean {
    const { state } = this.publication;
    return state === 'processing' || state === 'committing' || state === 'unknown';
  }

  end(outcome: Outcome, problem: Problem | null): Ended {
    this.#ended = { order: this.order, publication: this.publication, outcome, problem };
    return this.#ended;
  }

  /** Ends it when its state is one in which it rests. */
  rest(): Ended | undefined {
    const { state, problem } = this.publication;
    return isSettled(state) ? this.end(state as Extract<PublicationState, Outcome>, state === 'failed' || state === 'unknown' ? problem : null) : undefined;
  }
}
