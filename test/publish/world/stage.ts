import { isSettled } from '../../../src/pipeline/publish/states.js';
import type { HttpRequest, HttpTransport } from '../../../src/publishers/http.js';
import type { Publication, PublicationStep, PublishableClip, PublishContext } from '../../../src/publishers/publisher.js';
import { freshPublication } from '../../support/publish-context.js';
import { orderOf } from './clips.js';
import type { World } from './world.js';

/** Moves one publication by hand, as the engine does, and writes down what is sent. */
export class Stage {
  readonly world: World;
  readonly clip: PublishableClip;
  readonly sent: HttpRequest[] = [];
  publication: Publication;

  constructor(world: World, clip: PublishableClip) {
    this.world = world;
    this.clip = clip;
    const { identity, claimed } = orderOf(world, clip, 0);
    this.publication = freshPublication({ ...identity, ...claimed });
  }

  context(): PublishContext {
    const { world, clip } = this;
    const http: HttpTransport = {
      send: async (request) => {
        request.signal.throwIfAborted();
        this.sent.push(request);
        return world.http.send(request);
      },
    };
    return { signal: new AbortController().signal, clip, options: world.options, http, credentials: async () => world.credentials(), nowMs: () => world.machineMs, progress: () => {} };
  }

  /** One step, after the time it asked for. */
  async step(): Promise<void> {
    const { notBeforeMs } = this.publication;
    if (notBeforeMs !== null) await this.world.pass(Math.max(0, notBeforeMs - this.world.machineMs));
    this.#apply(await this.world.publisher.advance(this.publication, this.context()));
  }

  /** @returns the states on the way */
  async toTheEnd({ loseStepAfterPiece }: { loseStepAfterPiece?: number } = {}): Promise<string[]> {
    const states: string[] = [];
    let lost = false;
    for (let count = 0; !isSettled(this.publication.state); count += 1) {
      if (count > 500) throw new Error(`it does not settle: ${JSON.stringify(this.publication)}`);
      const before = this.publication;
      await this.step();
      if (!lost && this.piecesSent().length === loseStepAfterPiece) {
        lost = true;
        this.publication = before;
        // What is found in this state is asked about, as the engine does.
        if (before.state === 'committing') await this.#lookUp();
      }
      states.push(this.publication.state);
    }
    return states;
  }

  /** Sizes of what was sent of the film, request by request. */
  piecesSent(): number[] {
    return this.sent.map((request) => fileBytes([request], this.clip)).filter((bytes) => bytes > 0);
  }

  async #lookUp(): Promise<void> {
    for (;;) {
      await this.world.pass(120_000);
      const answer = await this.world.publisher.lookup(this.publication, this.context());
      if ('undecided' in answer) throw new Error(`undecided: ${answer.undecided.reason}`);
      if ('found' in answer) return this.#apply(answer.found);
      if ('absent' in answer) return this.#apply(answer.absent);
      this.#apply({ state: this.publication.state, handle: answer.later.handle });
      await this.world.pass(Math.max(0, answer.later.notBeforeMs - this.world.machineMs));
    }
  }

  #apply(step: PublicationStep): void {
    const before = this.publication;
    this.publication = {
      ...before,
      version: before.version + 1,
      state: step.state,
      handle: step.handle === undefined ? before.handle : step.handle,
      url: step.url ?? before.url,
      problem: step.problem ?? null,
      notBeforeMs: step.notBeforeMs ?? null,
    };
  }
}

/** How many bytes of the clip's film some requests carry. */
export function fileBytes(requests: readonly HttpRequest[], { videoPath }: PublishableClip): number {
  const of = (value: unknown): number => {
    const slice = value as { path?: string; startByte: number; endByte: number };
    return slice.path === videoPath ? slice.endByte - slice.startByte : 0;
  };
  return requests.reduce((sum, { body }) => sum + (typeof body === 'object' && 'parts' in body ? body.parts.reduce((inParts, { value }) => inParts + of(value), 0) : of(body ?? {})), 0);
}
