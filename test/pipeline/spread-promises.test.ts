import { type Arbitrary, array, assert, asyncProperty, boolean, constantFrom, integer, nat, option, record } from 'fast-check';
import { expect, test } from 'vitest';
import { SnvgError } from '../../src/errors.js';
import type { PlaceTraits, Trouble } from './spread/simulated-place.js';
import { SimulatedRun, type SimulatedTask } from './spread/simulated-run.js';

const troubles: readonly Trouble[] = ['lost', 'broken', 'mute', 'full', 'unfit', 'lying', 'refusing'];

interface Story {
  seed: number;
  takesShare: boolean;
  hereSlots: number;
  places: Omit<PlaceTraits, 'name'>[];
  tasks: (Omit<SimulatedTask, 'name'> & { askedMs: number; stoppedMs: number | undefined; twice: boolean })[];
  events: { atMs: number; place: number; trouble: Trouble | undefined }[];
}

const story: Arbitrary<Story> = record({
  seed: integer({ min: 1, max: 1_000_000 }),
  takesShare: boolean(),
  hereSlots: integer({ min: 1, max: 4 }),
  places: array(record({ slots: integer({ min: 1, max: 6 }), speed: constantFrom(0.25, 0.5, 1, 2), bytesPerSecond: constantFrom(1e5, 1e6, 1e8), memoryBytes: constantFrom(1e9, 4e9) }), { maxLength: 4 }),
  tasks: array(
    record({
      cpuSeconds: constantFrom(0.1, 1, 5, 30),
      estimate: constantFrom(0.5, 5, 20),
      slots: integer({ min: 1, max: 4 }),
      priority: integer({ min: -3, max: 3 }),
      stays: boolean(),
      fails: boolean(),
      memoryBytes: constantFrom(0, 0.5e9, 2e9),
      inputBytes: constantFrom(0, 1e5, 5e6),
      askedMs: integer({ min: 0, max: 30_000 }),
      stoppedMs: option(integer({ min: 0, max: 40_000 }), { nil: undefined, freq: 5 }),
      twice: boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  events: array(record({ atMs: integer({ min: 0, max: 60_000 }), place: nat(3), trouble: option(constantFrom(...troubles), { nil: undefined, freq: 3 }) }), { maxLength: 12 }),
});

/** How one asking ended: what it was told at last, or what was thrown. */
interface End {
  name: string;
  finished: number;
  error: unknown;
  stopped: boolean;
}

async function ask(run: SimulatedRun, task: SimulatedTask, askedMs: number, stoppedMs: number | undefined): Promise<End> {
  await run.timers.sleep(askedMs);
  const stop = new AbortController();
  if (stoppedMs !== undefined) run.timers.at(stoppedMs, () => stop.abort(new Error('stopped')));
  try {
    const events = await run.run(task, stop.signal);
    return { name: task.name, finished: events.filter(({ type }) => type === 'finished').length, error: undefined, stopped: stop.signal.aborted };
  } catch (error) {
    return { name: task.name, finished: 0, error, stopped: stop.signal.aborted };
  }
}

/** Lets a story happen, with every trouble over after two minutes but that of hosts that will never do. */
async function tell({ seed, takesShare, hereSlots, places, tasks, events }: Story): Promise<{ run: SimulatedRun; ends: End[] }> {
  const run = new SimulatedRun(places.map((traits, i) => ({ name: `h${i}`, ...traits })), { takesShare, seed, here: { slots: hereSlots } });
  for (const { atMs, place, trouble } of events) {
    const host = run.hosts[place];
    if (host) run.timers.at(atMs, () => (host.trouble = trouble));
  }
  run.timers.at(120_000, () => {
    for (const host of run.hosts) if (host.state !== 'refused') host.trouble = undefined;
  });
  const asked = tasks.flatMap(({ askedMs, stoppedMs, twice, ...task }, i) => {
    const named = { ...task, name: `t${i}`, fails: task.fails && i % 4 === 0 };
    return [ask(run, named, askedMs, stoppedMs), ...(twice ? [ask(run, named, askedMs + 500, undefined)] : [])];
  });
  const ends = await run.timers.until(Promise.all(asked), 3_600_000);
  return { run, ends };
}

test('whatever happens to hosts, every task ends once: done, stopped, by its own error, or for want of a host', { timeout: 120_000 }, async () => {
  await assert(
    asyncProperty(story, async (given) => {
      const { run, ends } = await tell(given);
      for (const { name, finished, error, stopped } of ends) {
        if (error === undefined) expect(finished).toBe(1);
        else if (error instanceof SnvgError) {
          // For want of a host only where this machine was not to do it.
          expect(['HOST_FAILED', 'REMOTE_UNAVAILABLE']).toContain(error.code);
          expect(given.takesShare).toBe(false);
        } else if (error instanceof TypeError) expect(error.message).toBe(`${name} fails by itself`);
        else {
          expect((error as Error).message).toBe('stopped');
          expect(stopped).toBe(true);
        }
      }
      // One result for one key, and each for a task that was said to be done.
      expect(new Set(run.kept).size).toBe(run.kept.length);
      expect(new Set(ends.filter(({ error }) => error === undefined).map(({ name }) => name))).toEqual(new Set(run.kept));
      await run.close();
      expect([run.here, ...run.hosts].every((place) => place.active === 0 && place.closed)).toBe(true);
      const before = run.world.log.length;
      await run.timers.until(run.timers.sleep(600_000));
      expect(run.world.log.length).toBe(before);
    }),
    { numRuns: 250 },
  );
});

test('closed in the middle of anything, nothing goes on', { timeout: 60_000 }, async () => {
  await assert(
    asyncProperty(story, integer({ min: 0, max: 40_000 }), async (given, closedMs) => {
      const run = new SimulatedRun(given.places.map((traits, i) => ({ name: `h${i}`, ...traits })), { takesShare: given.takesShare, seed: given.seed, here: { slots: given.hereSlots } });
      for (const { atMs, place, trouble } of given.events) run.timers.at(atMs, () => run.hosts[place] && (run.hosts[place].trouble = trouble));
      const asked = given.tasks.map(({ askedMs, stoppedMs, ...task }, i) => ask(run, { ...task, name: `t${i}` }, askedMs, stoppedMs));
      await run.timers.until(run.timers.sleep(closedMs));
      await run.close();
      const started = run.world.log.length;
      await run.timers.until(Promise.all(asked));
      expect(run.world.log.length).toBe(started);
      expect([run.here, ...run.hosts].map(({ active }) => active)).toEqual([run.here, ...run.hosts].map(() => 0));
      expect(new Set(run.kept).size).toBe(run.kept.length);
    }),
    { numRuns: 120 },
  );
});
