import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Order } from '../../src/pipeline/publish/order.js';
import { isPosted, isSettled } from '../../src/pipeline/publish/states.js';
import { LostReply, PlatformFault } from '../../src/publishers/faults.js';
import type { PublishableClip } from '../../src/publishers/publisher.js';
import type { Fault } from '../../src/sandbox/faults.js';
import { clipsFor, orderOf } from '../publish/world/clips.js';
import { Machine, type RunEnd } from '../publish/world/machine.js';
import type { PlatformCase } from '../publish/world/platform-case.js';
import { singleFaults } from '../publish/world/single-faults.js';
import { fileBytes, Stage } from '../publish/world/stage.js';
import { World } from '../publish/world/world.js';

/** Runs until everything rests that a person need not look at; more would be an endless loop. */
const runsAtMost = 30;
const aYearUs = 365 * 86_400_000_000;

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

  /** One run of the engine in which one request goes wrong. */
  const withFault = async (fault: Fault | undefined, index: number): Promise<{ world: World; machine: Machine; orders: Order[]; end: RunEnd; requests: number }> => {
    const world = await newWorld();
    const machine = new Machine(world);
    const orders = [orderOf(world, small, 0)];
    let requests = 0;
    world.script = () => (requests++ === index ? fault : undefined);
    const end = await machine.process().run(orders);
    return { world, machine, orders, end, requests };
  };

  describe('a post', () => {
    it.each(['small', 'in pieces'])('is made once, step by step (%s)', async (size) => {
      const world = await newWorld();
      const stage = new Stage(world, size === 'small' ? small : inPieces);
      const steps = await stage.toTheEnd();
      expect(isPosted(stage.publication.state)).toBe(true);
      expect(world.posts().map(({ videoSha256, account }) => ({ videoSha256, account }))).toEqual([{ videoSha256: stage.clip.sha256, account: world.account.id }]);
      // Nothing is sent before the state is persisted that says that it is about to be sent; where nobody is asked, the name that it is found by.
      expect(steps.slice(0, -1)).toContain(given.asksNobody ? 'prepared' : 'committing');
      expect(stage.publication.url === null || URL.canParse(stage.publication.url)).toBe(true);
    });

    it('keeps nothing in memory but what can be written down, and no secret', async () => {
      const world = await newWorld();
      const stage = new Stage(world, inPieces);
      const secrets = world.secrets();
      expect(secrets).toHaveLength(given.asksNobody ? 0 : 1);
      while (!isSettled(stage.publication.state)) {
        await stage.step();
        expect(JSON.parse(JSON.stringify(stage.publication))).toEqual(stage.publication);
        for (const secret of secrets) expect(JSON.stringify(stage.publication)).not.toContain(secret);
      }
    });

    if (given.asksNobody) {
      it('sends nothing: no request of it goes wrong, none carries a piece of a film', async () => {
        const stage = new Stage(await newWorld(), inPieces);
        await stage.toTheEnd();
        expect(stage.sent).toEqual([]);
      });
    } else {
      it('sends a film as slices of its file, each piece once', async () => {
        const stage = new Stage(await newWorld(), inPieces);
        await stage.toTheEnd();
        const inMemory = stage.sent.map(({ body }) => (typeof body === 'string' ? body.length : 0));
        expect(Math.max(...inMemory)).toBeLessThan(64 * 1024);
        expect(stage.piecesSent()).toHaveLength(given.pieces);
        expect(fileBytes(stage.sent, inPieces)).toBe(inPieces.sizeBytes);
      });
    }
  });

  describe('whatever happens', () => {
    it('a kill at any moment leaves one post after the next runs', async () => {
      for (let moment = 1; ; moment += 1) {
        const world = await newWorld();
        const machine = new Machine(world);
        const orders = [orderOf(world, small, 0)];
        let passed = 0;
        const end = await machine.process(() => (++passed === moment ? 'die' : undefined)).run(orders);
        if (end !== 'killed') {
          expect(passed).toBeGreaterThan(20);
          return;
        }
        expect(await calmEnd(world, machine, orders), `killed at moment ${moment}`).toEqual({ state: 'posted', posts: 1 });
      }
    });

    // Of one that asks nobody it is tested above that it sends nothing.
    if (given.asksNobody) return;

    it.each(singleFaults)('%j at any request leaves one post when it is over', async (fault) => {
      const clean = await withFault(undefined, 0);
      expect(clean.requests).toBeGreaterThan(0);
      for (let index = 0; index < clean.requests; index += 1) {
        const { world, machine, orders, end, requests } = await withFault(fault, index);
        const where = `at request ${index + 1}`;
        expect(requests, where).toBeGreaterThan(index);
        if (typeof end === 'string' || !('ended' in end)) throw new Error(`${where}: ${JSON.stringify(end)}`);
        if (end.ended[0]?.outcome === 'failed') expect(world.posts(), `failed, ${where}`).toEqual([]);
        expect(await calmEnd(world, machine, orders), where).toEqual({ state: 'posted', posts: 1 });
      }
    });

    it('refusals from any request on never call failed what is there, nor lead to a second post', async () => {
      const clean = await withFault(undefined, 0);
      for (let index = 0; index < clean.requests; index += 1) {
        const world = await newWorld();
        const machine = new Machine(world);
        const orders = [orderOf(world, small, 0)];
        let requests = 0;
        world.script = () => (requests++ < index ? undefined : { kind: 'status', status: 400 });
        for (let run = 0; run < 3; run += 1) {
          await machine.process().run(orders);
          const [publication] = (await world.states()).values();
          if (publication?.state === 'failed') expect(world.posts(), `failed after request ${index}: ${publication.problem?.message}`).toEqual([]);
          await world.pass(3_600_000);
        }
        world.script = () => undefined;
        expect(await calmEnd(world, machine, orders), `after request ${index}`).toEqual({ state: 'posted', posts: 1 });
      }
    });

    it('a kill while pieces are uploaded sends no more than one of them twice', async () => {
      const clean = new Stage(await newWorld(), inPieces);
      await clean.toTheEnd();
      const largest = Math.max(...clean.piecesSent());
      for (let piece = 1; piece <= given.pieces; piece += 1) {
        const stage = new Stage(await newWorld(), inPieces);
        await stage.toTheEnd({ loseStepAfterPiece: piece });
        expect(stage.world.posts()).toHaveLength(1);
        expect(fileBytes(stage.sent, inPieces), `lost after piece ${piece}`).toBeLessThanOrEqual(inPieces.sizeBytes + largest);
      }
    });
  });

  describe('asking', () => {
    it('what became of it never posts it', async () => {
      const world = await newWorld();
      const stage = new Stage(world, small);
      while (!isSettled(stage.publication.state)) {
        const posts = world.posts().length;
        const before = stage.sent.length;
        for (const state of ['committing', 'unknown'] as const) {
          await world.publisher.lookup({ ...stage.publication, state }, stage.context()).catch((error: unknown) => {
            if (!(error instanceof PlatformFault || error instanceof LostReply)) throw error;
          });
        }
        expect(world.posts()).toHaveLength(posts);
        expect(fileBytes(stage.sent.slice(before), small)).toBe(0);
        await stage.step();
      }
    });

    it('to take it back before it is public leaves nothing', async () => {
      for (let steps = 0; ; steps += 1) {
        const stage = new Stage(await newWorld(), small);
        for (let count = 0; count < steps; count += 1) await stage.step();
        if (stage.world.posts().length > 0 || isSettled(stage.publication.state)) {
          expect(steps).toBeGreaterThan(1);
          return;
        }
        // What is about to be sent may have been sent: only a lookup tells.
        if (stage.publication.state === 'committing') continue;
        const cancelled = await stage.world.publisher.cancel(stage.publication, stage.context());
        expect(cancelled.state, `after ${steps} steps`).toBe('cancelled');
        await stage.world.pass(3_600_000);
        expect(stage.world.posts()).toEqual([]);
      }
    });
  });

  describe('before anything is sent', () => {
    it('a clip that is too long, or a file that is too large, is refused, and one that fits is not', async () => {
      const { publisher, options } = await newWorld();
      const refusals = (clip: PublishableClip): string[] => publisher.check(clip, options).flatMap(({ severity, rule, message, remedy }) => (severity === 'refused' ? [expectSentences(rule, message, remedy)] : []));
      expect(refusals(small)).toEqual([]);
      const { maxDurationUs, maxSizeBytes } = publisher.limits;
      const tooLong = refusals({ ...small, durationUs: (maxDurationUs ?? aYearUs) + 1_000_000 });
      const tooLarge = refusals({ ...small, sizeBytes: (maxSizeBytes ?? Number.MAX_SAFE_INTEGER - 1) + 1 });
      // A platform that names no limit refuses nothing for it.
      expect(tooLong.length > 0).toBe(maxDurationUs !== undefined);
      expect(tooLarge.length > 0).toBe(maxSizeBytes !== undefined);
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
        const posts = world.posts().length;
        const context = { ...stage.context(), signal: AbortSignal.abort(new Error('enough')) };
        const outcome = await world.publisher.advance(stage.publication, context).then(
          (step) => step,
          (error: unknown) => error,
        );
        // A step that asks nobody may still be made.
        if (outcome instanceof Error) expect(outcome.message).toBe('enough');
        expect(stage.sent).toHaveLength(before);
        expect(world.posts()).toHaveLength(posts);
        await stage.step();
      }
    });
  });
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
  return { state, posts: world.posts().length };
}

function expectSentences(rule: string, message: string, remedy: string): string {
  expect(rule).toMatch(/^[a-z]+(\.[a-z-]+)+$/i);
  expect(message.trim()).not.toBe('');
  expect(remedy.trim()).not.toBe('');
  return rule;
}
