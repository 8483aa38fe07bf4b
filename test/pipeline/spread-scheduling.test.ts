import { expect, test } from 'vitest';
import type { PlaceTraits } from './spread/simulated-place.js';
import { SimulatedRun, type SimulatedTask } from './spread/simulated-run.js';

/**
 * The tasks of one film of ten minutes as they depend on each other, with the CPU seconds that its stages took (bench/RESULTS.md): most of it
 * renders, little that stays. Lengths vary as those of clips do. @returns seconds until all is done
 */
async function film(run: SimulatedRun, estimateBy = 1): Promise<number> {
  const task = (name: string, cpuSeconds: number, more: Partial<SimulatedTask> = {}): Promise<unknown> => run.run({ name, op: name.split(' ')[0] ?? name, cpuSeconds, estimate: cpuSeconds * estimateBy, ...more });
  const stays = { stays: true, slots: 1 };
  const job = async (): Promise<void> => {
    await task('ingest.probe', 0.3, { ...stays, priority: 1_000 });
    const heard = async (): Promise<void> => {
      await task('transcribe.speech', 2, stays);
      await task('transcribe.language', 1, stays);
      await Promise.all(Array.from({ length: 10 }, (_, i) => task(`transcribe.chunk ${i}`, 2 + (i % 3) * 0.4, { priority: 1_000 - i / 10, inputBytes: 2e6 })));
      await task('transcribe.join', 0.1, stays);
    };
    await Promise.all([heard(), task('analyze.coarse', 8, stays)]);
    await task('segment.select', 0.5, stays);
    const clips = Array.from({ length: 9 }, async (_, i) => {
      const priority = 2 * (9 - i);
      await task(`analyze.fine ${i}`, 5 + (i % 3), { priority, inputBytes: 8e6 });
      await task(`render.cues ${i}`, 0.1, { ...stays, priority });
      await task(`render.clip ${i}`, 22 + ((i * 7) % 5) * 4, { priority: priority + 1, inputBytes: 9e6 });
    });
    await Promise.all(clips);
  };
  await run.timers.until(job());
  const seconds = run.timers.nowMs() / 1_000;
  await run.close();
  return seconds;
}

const host = (name: string, traits: Partial<PlaceTraits> = {}): PlaceTraits => ({ name, slots: 2, ...traits });
const hosts = (count: number, traits: Partial<PlaceTraits> = {}): PlaceTraits[] => Array.from({ length: count }, (_, i) => host(`h${i}`, traits));

test.each([1, 0.4, 2.5])('two hosts do a job in 1/1.7 of the time of one and three in 1/2.4, when estimates are %s of the truth', async (estimateBy) => {
  const one = await film(new SimulatedRun(hosts(1), { takesShare: false }), estimateBy);
  const two = await film(new SimulatedRun(hosts(2), { takesShare: false }), estimateBy);
  const three = await film(new SimulatedRun(hosts(3), { takesShare: false }), estimateBy);
  expect(one / two).toBeGreaterThanOrEqual(1.7);
  expect(one / three).toBeGreaterThanOrEqual(2.4);
});

test('one host beside this machine does as well as two places', async () => {
  const alone = await film(new SimulatedRun([]));
  const helped = await film(new SimulatedRun(hosts(1)));
  expect(alone / helped).toBeGreaterThanOrEqual(1.7);
});

test.each([true, false])('a host four times slower does not make a job slower (this machine takes part: %s)', async (takesShare) => {
  const without = await film(new SimulatedRun(hosts(2), { takesShare }));
  const withSlow = await film(new SimulatedRun([host('slow', { speed: 0.25 }), ...hosts(2)], { takesShare }));
  expect(withSlow).toBeLessThanOrEqual(1.05 * without);
});

test('a host over a link too slow to be worth it gets nothing, and hinders nothing', async () => {
  const alone = await film(new SimulatedRun([]));
  const far = await film(new SimulatedRun([host('far', { bytesPerSecond: 50e3 })]));
  expect(far).toBeLessThanOrEqual(1.05 * alone);
});

test('without a reason to leave, work stays on this machine', async () => {
  const run = new SimulatedRun(hosts(2), { here: { slots: 8 } });
  await run.timers.until(run.timers.sleep(1_000));
  await run.all(Array.from({ length: 4 }, (_, i) => ({ name: `t${i}`, cpuSeconds: 5, inputBytes: 1e6 })));
  expect(run.startsAt('here')).toHaveLength(4);
  await run.close();
});

test('where the bytes lie is preferred', async () => {
  const run = new SimulatedRun(hosts(2), { takesShare: false });
  const first = await run.timers.until(run.run({ name: 'same', cpuSeconds: 5, inputBytes: 200e6 }));
  const where = first.flatMap((event) => (event.type === 'started' ? [event.host] : []));
  // Another operation on the same file: the input of `same` is known by its name.
  const again = await run.timers.until(run.run({ name: 'same', cpuSeconds: 5, inputBytes: 200e6 }));
  expect(again.map(({ type }) => type)).toEqual(['finished']);
  expect(where).toEqual(['h0']);
  await run.close();
});

test('larger priorities go first, and nothing starts out of order at one place', async () => {
  const run = new SimulatedRun([]);
  const names = Array.from({ length: 20 }, (_, i) => ({ name: `t${i}`, cpuSeconds: 1, priority: (i * 7) % 20 }));
  await run.all([{ name: 'first', cpuSeconds: 1, priority: 100 }, ...names]);
  const expected = names.toSorted((a, b) => b.priority - a.priority).map(({ name }) => name);
  expect(run.startsAt('here')).toEqual(['first', ...expected]);
  await run.close();
});

test('what must stay goes first here, while hosts can have the rest', async () => {
  const run = new SimulatedRun(hosts(1));
  await run.timers.until(run.timers.sleep(1_000));
  await run.all([...Array.from({ length: 6 }, (_, i) => ({ name: `moves ${i}`, cpuSeconds: 5, priority: 100 })), { name: 'stays', cpuSeconds: 5, priority: 0, stays: true }]);
  expect(run.startsAt('here').slice(0, 2)).toContain('stays');
  await run.close();
});

test('the inputs of one more task travel while a host computes', async () => {
  const run = new SimulatedRun(hosts(1, { bytesPerSecond: 1e6 }), { takesShare: false });
  // Ten seconds of way and ten of work each: one after the other 120 s, overlapped about 70.
  await run.all(Array.from({ length: 6 }, (_, i) => ({ name: `t${i}`, cpuSeconds: 10, inputBytes: 10e6 })));
  expect(run.timers.nowMs()).toBeLessThan(80_000);
  await run.close();
});

test('what waits at a busy host is taken back by an idle one', async () => {
  const run = new SimulatedRun([host('slow', { speed: 0.2 }), host('fast')], { takesShare: false });
  await run.all(Array.from({ length: 4 }, (_, i) => ({ name: `t${i}`, cpuSeconds: 10 })));
  const given = run.world.log.filter(({ what, place }) => what === 'given' && place === 'slow').map(({ key }) => key);
  const finishedFast = run.startsAt('fast');
  expect(given.filter((key) => finishedFast.includes(key)).length).toBeGreaterThan(0);
  expect(run.timers.nowMs()).toBeLessThanOrEqual(51_000);
  await run.close();
});

test('memory limits what a host gets at once, and what it gets at all', async () => {
  const run = new SimulatedRun([host('small', { slots: 16, memoryBytes: 2e9 }), host('tiny', { slots: 16, memoryBytes: 0.5e9 })], { takesShare: false });
  await run.all(Array.from({ length: 6 }, (_, i) => ({ name: `t${i}`, cpuSeconds: 10, memoryBytes: 1e9 })));
  expect(run.startsAt('tiny')).toEqual([]);
  expect(run.timers.nowMs()).toBeGreaterThanOrEqual(30_000);
  await run.close();
});

test('renders stay here when no host has the same ffmpeg, whether this machine takes part or not, and it is said once', async () => {
  for (const takesShare of [true, false]) {
    const run = new SimulatedRun(hosts(2, { without: ['ffmpeg'] }), { takesShare });
    const told = await run.all([
      ...Array.from({ length: 3 }, (_, i) => ({ name: `chunk ${i}`, op: 'transcribe.chunk', cpuSeconds: 2 })),
      ...Array.from({ length: 3 }, (_, i) => ({ name: `render ${i}`, cpuSeconds: 2, tools: ['ffmpeg'] })),
    ]);
    const events = told.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    const renders = run.world.log.filter(({ what, key }) => what === 'started' && key.startsWith('render'));
    expect(renders.map(({ place }) => place)).toEqual(['here', 'here', 'here']);
    expect(told.map(({ status }) => status)).not.toContain('rejected');
    expect(events.flatMap((event) => (event.type === 'notice' ? [event.notice.message] : [])).toSorted()).toEqual(['h0 does not do render.clip: another ffmpeg', 'h1 does not do render.clip: another ffmpeg']);
    await run.close();
  }
});
