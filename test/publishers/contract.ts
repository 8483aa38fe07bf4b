import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Order } from '../../src/pipeline/publish/order.js';
import { isPosted, isSettled } from '../../src/pipeline/publish/states.js';
import { LostReply, PlatformFault } from '../../src/publishers/faults.js';
import type { HttpRequest, HttpTransport } from '../../src/publishers/http.js';
import type { Publication, PublishableClip, PublishContext, Publisher } from '../../src/publishers/publisher.js';
import type { Fault } from '../../src/sandbox/faults.js';
import { clipsFor, orderOf } from '../publish/world/clips.js';
import { Machine } from '../publish/world/machine.js';
import type { PlatformCase } from '../publish/world/platform-case.js';
import { World } from '../publish/world/world.js';
import { freshPublication } from '../support/publish-context.js';

const faults: readonly Fault[] = [
  { kind: 'drop-before' },
  { kind: 'drop-after' },
  { kind: 'half-body' },
  { kind: 'slow' },
  { kind: 'duplicate' },
  ...[401, 403, 409, 429, 500, 503].map((status): Fault => ({ kind: 'status', status })),
  ...[500, 503].map((status): Fault => ({ kind: 'error-after', status })),
];

/** Runs until everything rests that a person need not look at; more would be an endless loop. */
const runsAtMost = 30;

/** What every publisher keeps to, with its stand-in and the real engine. */
export function publisherContract(given: PlatformCase): void {
  let dir: string;
  let small: PublishableClip;
  let inPieces: PublishableClip;
  const worlds: World[] = [];
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'snvg-contract-'));
    const [first, second] = clipsFor(given, dir, 2);
    if (!first || !second) throw new Error('no clips');
    [inPieces, small] = [first, second];
  });
  afterAll(async () => {
    for (const world of worlds) await world.close();
    rmSync(dir, { recursive: true });
  });

  const newWorld = async (): Promise<World> => {
    const world = await World.make(given);
    worlds.push(world);
    return world;
  };

  describe('a post', () => {
    it.each(['small', 'in pieces'])('is made once, step by step (%s)', async (size) => {
      const world = await newWorld();
      const stage = new Stage(world, size === 'small' ? small : inPieces);
      const steps = await stage.toTheEnd();
      expect(isPosted(stage.publication.state)).toBe(true);
      expect(world.standIn.posts().map(({ videoSha256, account }) => ({ videoSha256, account }))).toEqual([{ videoSha256: stage.clip.sha256, account: given.account.id }]);
      // Nothing is sent before something is persisted that it can be found by, or the state that says that it is about to be sent.
      expect(steps).toContain('committing');
      expect(stage.publication.url === null || URL.canParse(stage.publication.url)).toBe(true);
    });

    it('keeps nothing in memory but what can be written down, and no secret of the login', async () => {
      const world = await newWorld();
      const stage = new Stage(world, inPieces);
      const { accessToken } = world.credentials();
      while (!isSettled(stage.publication.state)) {
        await stage.step();
        expect(JSON.parse(JSON.stringify(stage.publication))).toEqual(stage.publication);
        expect(JSON.stringify(stage.publication)).not.toContain(accessToken);
      }
    });

    it('sends a film as slices of its file, each piece once', async () => {
      const world = await newWorld();
      const stage = new Stage(world, inPieces);
      await stage.toTheEnd();
      const inMemory = stage.sent.map(({ body }) => (typeof body === 'string' ? body.length : 0));
      expect(Math.max(...inMemory)).toBeLessThan(64 * 1024);
      expect(fileBytes(stage.sent, inPieces)).toBe(inPieces.sizeBytes);
    });
  });

  describe('whatever happens', () => {
    it('a kill at any moment leaves one post after the next runs', async () => {
      for (let moment = 1; ; moment += 1) {
        const world = await newWorld();
        const machine = new Machine(world);
        const orders = [orderOf(given, world.options, small, 0)];
        let passed = 0;
        const end = await machine.process(() => (++passed === moment ? 'die' : undefined)).run(orders);
        if (end !== 'killed') {
          expect(passed).toBeGreaterThan(20);
          return;
        }
        expect(await calmEnd(world, machine, orders), `killed at moment ${moment}`).toEqual({ state: 'posted', posts: 1 });
      }
    });

    it.each(faults)('%j at any request leaves one post when it is over', async (fault) => {
      for (let index = 0; ; index += 1) {
        const world = await newWorld();
        const machine = new Machine(world);
        const orders = [orderOf(given, world.options, small, 0)];
        let requests = 0;
        world.script = () => (requests++ === index ? fault : undefined);
        const end = await machine.process().run(orders);
        const where = `at request ${index + 1}`;
        if (requests <= index) {
          expect(index).toBeGreaterThan(2);
          return;
        }
        if (typeof end === 'string' || !('ended' in end)) throw new Error(`${where}: ${JSON.stringify(end)}`);
        if (end.ended[0]?.outcome === 'failed') expect(world.standIn.posts(), `failed, ${where}`).toEqual([]);
        const calm = await calmEnd(world, machine, orders);
        if (calm.state === 'unknown' && given.undecidable?.(fault)) expect(calm.posts, where).toBeLessThanOrEqual(1);
        else expect(calm, where).toEqual({ state: 'posted', posts: 1 });
      }
    });

    it('a kill while pieces are uploaded sends no more than one of them twice', async () => {
      const world = await newWorld();
      const clean = new Stage(world, inPieces);
      await clean.toTheEnd();
      const piecesSent = clean.sent.map((request) => fileBytes([request], inPieces)).filter((bytes) => bytes > 0);
      const largest = Math.max(...piecesSent);
      for (let piece = 1; piece <= piecesSent.length; piece += 1) {
        const stage = new Stage(await newWorld(), inPieces);
        await stage.toTheEnd({ loseStepAfterPiece: piece });
        expect(stage.world.standIn.posts()).toHaveLength(1);
        expect(fileBytes(stage.sent, inPieces), `lost after piece ${piece}`).toBeLessThanOrEqual(inPieces.sizeBytes + largest);
      }
    });
  });

  describe('asking', () => {
    it('what became of it never posts it', async () => {
      const world = await newWorld();
      const stage = new Stage(world, small);
      while (!isSettled(stage.publication.state)) {
        const posts = world.standIn.posts().length;
        const before = stage.sent.length;
        for (const state of ['committing', 'unknown'] as const) {
          await world.publisher.lookup({ ...stage.publication, state }, stage.context()).catch((error: unknown) => {
            if (!(error instanceof PlatformFault || error instanceof LostReply)) throw error;
          });
        }
        expect(world.standIn.posts()).toHaveLength(posts);
        expect(fileBytes(stage.sent.slice(before), small)).toBe(0);
        await stage.step();
      }
    });

    it('to take it back before it is public leaves nothing', async () => {
      for (let steps = 0; ; steps += 1) {
        const stage = new Stage(await newWorld(), small);
        for (let count = 0; count < steps; count += 1) await stage.step();
        if (stage.world.standIn.posts().length > 0 || isSettled(stage.publication.state)) {
          expect(steps).toBeGreaterThan(1);
          return;
        }
        // What is about to be sent may have been sent: only a lookup tells.
        if (stage.publication.state === 'committing') continue;
        const cancelled = await stage.world.publisher.cancel(stage.publication, stage.context());
        expect(cancelled.state, `after ${steps} steps`).toBe('cancelled');
        await stage.world.pass(3_600_000);
        expect(stage.world.standIn.posts()).toEqual([]);
      }
    });
  });

  describe('before anything is sent', () => {
    it('a clip that is too long, or a file that is too large, is refused, and one that fits is not', async () => {
      const { publisher, options } = await newWorld();
      const refusals = (clip: PublishableClip): string[] => publisher.check(clip, options).flatMap(({ severity, rule, message, remedy }) => (severity === 'refused' ? [expectSentences(rule, message, remedy)] : []));
      expect(refusals(small)).toEqual([]);
      const { maxDurationUs, maxSizeBytes } = publisher.limits;
      expect(maxDurationUs).toBeDefined();
      expect(refusals({ ...small, durationUs: (maxDurationUs ?? 0) + 1_000_000 })).not.toEqual([]);
      if (maxSizeBytes !== undefined) expect(refusals({ ...small, sizeBytes: maxSizeBytes + 1 })).not.toEqual([]);
    });

    it('settings are checked: none are needed, unknown ones are refused', async () => {
      const { publisher } = await newWorld();
      expect(publisher.options.safeParse({}).success).toBe(true);
      expect(publisher.options.safeParse({ noSuchSetting: 1 }).success).toBe(false);
      for (const wrong of [null, [], 'text', 1]) expect(publisher.options.safeParse(wrong).success).toBe(false);
    });

    it('who has given up sends nothing', async () => {
      const world = await newWorld();
      const stage = new Stage(world, small);
      while (!isSettled(stage.publication.state)) {
        const before = stage.sent.length;
        const context = { ...stage.context(), signal: AbortSignal.abort(new Error('enough')) };
        const outcome = await world.publisher.advance(stage.publication, context).then(
          (step) => step,
          (error: unknown) => error,
        );
        // A step that asks nobody may still be made.
        if (outcome instanceof Error) expect(outcome.message).toBe('enough');
        expect(stage.sent).toHaveLength(before);
        await stage.step();
      }
    });
  });
}

/** Moves one publication by hand, as the engine does, and writes down what is sent. */
class Stage {
  readonly world: World;
  readonly clip: PublishableClip;
  readonly sent: HttpRequest[] = [];
  publication: Publication;

  constructor(world: World, clip: PublishableClip) {
    this.world = world;
    this.clip = clip;
    const { identity, claimed } = orderOf(world.given, world.options, clip, 0);
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
      const pieces = this.sent.filter((request) => fileBytes([request], this.clip) > 0).length;
      if (!lost && pieces === loseStepAfterPiece) {
        lost = true;
        this.publication = before;
        // What is found in this state is asked about, as the engine does.
        if (before.state === 'committing') await this.#lookUp();
      }
      states.push(this.publication.state);
    }
    return states;
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

  #apply(step: Awaited<ReturnType<Publisher['advance']>>): void {
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

/** Runs anew, an hour or more apart, until it is posted or nothing changes. */
async function calmEnd(world: World, machine: Machine, orders: readonly Order[]): Promise<{ state: 'posted' | 'failed' | 'unknown' | 'left'; posts: number }> {
  let state: 'posted' | 'failed' | 'unknown' | 'left' = 'left';
  for (let run = 0; run < runsAtMost && state !== 'posted'; run += 1) {
    await world.pass(6 * 3_600_000);
    await machine.process().run(orders);
    const found = [...(await world.states()).values()][0]?.state ?? 'claimed';
    state = isPosted(found) ? 'posted' : found === 'failed' || found === 'unknown' ? found : 'left';
  }
  return { state, posts: world.standIn.posts().length };
}

function fileBytes(requests: readonly HttpRequest[], { videoPath }: PublishableClip): number {
  const of = (value: unknown): number => {
    const slice = value as { path?: string; startByte: number; endByte: number };
    return slice.path === videoPath ? slice.endByte - slice.startByte : 0;
  };
  return requests.reduce((sum, { body }) => sum + (typeof body === 'object' && 'parts' in body ? body.parts.reduce((inParts, { value }) => inParts + of(value), 0) : of(body ?? {})), 0);
}

function expectSentences(rule: string, message: string, remedy: string): string {
  expect(rule).toMatch(/^[a-z]+(\.[a-z-]+)+$/i);
  expect(message.trim()).not.toBe('');
  expect(remedy.trim()).not.toBe('');
  return rule;
}
