import { LostReply, PlatformFault } from '../../../src/publishers/faults.js';
import type { PublishableClip, PublishContext } from '../../../src/publishers/publisher.js';
import { randomFaults } from '../../../src/sandbox/random-faults.js';
import { isSettled } from '../../../src/pipeline/publish/states.js';
import { Random } from '../../fuzz/random.js';
import { freshPublication } from '../../support/publish-context.js';
import { orderOf } from './clips.js';
import type { NetworkCase } from './platform-case.js';
import { World } from './world.js';

export interface NaiveOutcome {
  publications: number;
  /** There more than once. */
  twice: number;
  /** Reported as failed in the end, and there. */
  denied: number;
}

const attemptsAtMost = 8;

/**
 * The floor: what a tool does that starts again after any error. The same requests by the same publisher under the same faults, but
 * nothing is written down and nothing looked up.
 */
export async function naiveBatch(given: NetworkCase, { seed, clips }: { seed: number; clips: readonly PublishableClip[] }): Promise<NaiveOutcome> {
  const world = await World.make(given);
  const random = new Random(seed);
  world.script = randomFaults({ seed, rate: random.pick([0.1, 0.2, 0.4]) });
  const outcome: NaiveOutcome = { publications: clips.length, twice: 0, denied: 0 };
  for (const [index, clip] of clips.entries()) {
    let through = false;
    for (let attempt = 0; attempt < attemptsAtMost && !through; attempt += 1) {
      through = await isThrough(world, clip, index);
      await world.pass(60_000);
    }
    const posts = world.posts().filter(({ videoSha256 }) => videoSha256 === clip.sha256).length;
    if (posts > 1) outcome.twice += 1;
    if (posts > 0 && !through) outcome.denied += 1;
  }
  await world.close();
  return outcome;
}

async function isThrough(world: World, clip: PublishableClip, index: number): Promise<boolean> {
  const { identity, claimed } = orderOf(world, clip, index);
  let publication = freshPublication({ ...identity, ...claimed });
  const context: PublishContext = { signal: new AbortController().signal, clip, options: world.options, http: world.http, credentials: async () => world.credentials(), nowMs: () => world.machineMs, progress: () => {} };
  try {
    for (let step = 0; !isSettled(publication.state); step += 1) {
      if (step > 500) return false;
      await world.pass(Math.max(0, (publication.notBeforeMs ?? 0) - world.machineMs));
      const next = await world.publisher.advance(publication, context);
      publication = { ...publication, state: next.state, handle: next.handle === undefined ? publication.handle : next.handle, notBeforeMs: next.notBeforeMs ?? null };
    }
    return publication.state !== 'failed';
  } catch (error) {
    if (error instanceof PlatformFault && error.kind === 'auth') world.renew();
    if (error instanceof PlatformFault || error instanceof LostReply) return false;
    throw error;
  }
}
