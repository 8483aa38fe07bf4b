import { expect, test } from 'vitest';
import { SnvgError } from '../../src/errors.js';
import type { PlaceTraits } from './spread/simulated-place.js';
import { SimulatedRun, type SimulatedTask } from './spread/simulated-run.js';

const hosts = (count: number, traits: Partial<PlaceTraits> = {}): PlaceTraits[] => Array.from({ length: count }, (_, i) => ({ name: `h${i}`, slots: 2, ...traits }));
const tasks = (count: number, more: Partial<SimulatedTask> = {}): SimulatedTask[] => Array.from({ length: count }, (_, i) => ({ name: `t${i}`, cpuSeconds: 5, inputBytes: 1e6, ...more }));
const reasons = (ended: readonly PromiseSettledResult<unknown>[]): unknown[] => ended.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));

test('what a lost host had goes elsewhere at once, and only that runs again', async () => {
  const run = new SimulatedRun(hosts(2), { takesShare: false });
  run.timers.at(7_000, () => {
    run.hosts[0]!.trouble = 'lost';
  });
  const ended = await run.all(tasks(8));
  expect(reasons(ended)).toEqual([]);
  const started = run.world.log.filter(({ what }) => what === 'started');
  expect(started.length).toBeLessThanOrEqual(8 + 1);
  const again = started.filter(({ key }, i) => started.findIndex((other) => other.key === key) < i);
  expect(again.every(({ place }) => place === 'h1')).toBe(true);
  await run.close();
});

test('a host that comes back is used again', async () => {
  const run = new SimulatedRun(hosts(1), { takesShare: false });
  run.timers.at(7_000, () => {
    run.hosts[0]!.trouble = 'lost';
  });
  run.timers.at(27_000, () => {
    run.hosts[0]!.trouble = undefined;
  });
  expect(reasons(await run.all(tasks(4)))).toEqual([]);
  expect(run.timers.nowMs()).toBeLessThan(70_000);
  await run.close();
});

test('a host on which everything fails is rested, and tried ever more rarely', async () => {
  const run = new SimulatedRun(hosts(2), { takesShare: false });
  run.hosts[0]!.trouble = 'broken';
  expect(reasons(await run.all(tasks(40)))).toEqual([]);
  // Two in a row, then at most one try a pause: 1, 2, 4 … 60 s over the 200 s that the other needs.
  const tries = run.world.log.filter(({ what, place }) => what === 'given' && place === 'h0');
  expect(tries.length).toBeGreaterThan(2);
  expect(tries.length).toBeLessThan(14);
  const { places } = run.backend.status();
  expect(places.find(({ name }) => name === 'h0')).toMatchObject({ done: 0, state: 'resting' });
  expect(places.find(({ name }) => name === 'h0')?.failures.host).toBe(tries.length);
  await run.close();
});

test('a full host gets each task at most once, and is rested as well', async () => {
  const run = new SimulatedRun(hosts(2), { takesShare: false });
  run.hosts[0]!.trouble = 'full';
  expect(reasons(await run.all(tasks(20)))).toEqual([]);
  const tries = run.world.log.filter(({ what, place }) => what === 'started' && place === 'h0').map(({ key }) => key);
  expect(new Set(tries).size).toBe(tries.length);
  expect(tries.length).toBeLessThan(14);
  await run.close();
});

test('a host that says it has finished what it has not is as bad as one that fails', async () => {
  const run = new SimulatedRun(hosts(2), { takesShare: false });
  run.hosts[0]!.trouble = 'lying';
  expect(reasons(await run.all(tasks(10)))).toEqual([]);
  expect(run.kept.toSorted()).toEqual(tasks(10).map(({ name }) => name).toSorted());
  expect(run.backend.status().places.find(({ name }) => name === 'h0')).toMatchObject({ done: 0 });
  await run.close();
});

test('a host that never says anything again holds nothing up for long', async () => {
  const run = new SimulatedRun(hosts(2), { takesShare: false });
  run.hosts[0]!.trouble = 'mute';
  expect(reasons(await run.all(tasks(6)))).toEqual([]);
  expect(run.timers.nowMs()).toBeLessThan(60_000);
  await run.close();
});

test('what a host cannot do as it is speaks against nobody, is said, and is done here where no host can', async () => {
  const run = new SimulatedRun(hosts(2), { takesShare: false });
  for (const place of run.hosts) place.trouble = 'unfit';
  const ended = await run.all(tasks(3));
  expect(reasons(ended)).toEqual([]);
  expect(run.startsAt('here')).toHaveLength(3);
  const { places } = run.backend.status();
  expect(places.map(({ failures, state }) => ({ failures, state }))).toEqual(Array.from({ length: 3 }, () => ({ failures: { host: 0, network: 0, capacity: 0 }, state: 'ready' })));
  const notices = ended.flatMap((one) => (one.status === 'fulfilled' ? one.value : [])).flatMap((event) => (event.type === 'notice' ? [event.notice.code] : []));
  expect(notices).toEqual(['HOST_LACKS', 'HOST_LACKS']);
  await run.close();
});

test('a refused host is said once and never tried again', async () => {
  const run = new SimulatedRun(hosts(2));
  run.hosts[0]!.trouble = 'refusing';
  const ended = await run.all(tasks(12));
  const events = ended.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  expect(events.flatMap((event) => (event.type === 'notice' ? [event.notice] : []))).toEqual([
    { code: 'HOST_UNUSABLE', stage: 'render', severity: 'info', message: expect.stringContaining('h0') as string, remedy: expect.any(String) as string },
  ]);
  run.hosts[0]!.trouble = undefined;
  await run.timers.until(run.timers.sleep(600_000));
  expect(run.hosts[0]!.state).toBe('refused');
  await run.close();
});

test("a task's own error is thrown at once, as it was thrown, and runs once", async () => {
  const run = new SimulatedRun(hosts(3), { takesShare: false });
  const ended = await run.all([...tasks(3), { name: 'bad', cpuSeconds: 1, fails: true }]);
  expect(reasons(ended)).toEqual([new TypeError('bad fails by itself')]);
  expect(run.world.log.filter(({ what, key }) => what === 'started' && key === 'bad')).toHaveLength(1);
  await run.close();
});

test('a task that fails on three hosts is tried here, or fails and names them', async () => {
  const all = hosts(4);
  const withHere = new SimulatedRun(all);
  for (const place of withHere.hosts) place.trouble = 'broken';
  // This machine is taken at first: the others get their chance.
  const ended = await withHere.all([{ name: 'long', cpuSeconds: 300, stays: true }, ...tasks(1)]);
  expect(reasons(ended)).toEqual([]);
  expect(withHere.startsAt('here')).toContain('t0');
  await withHere.close();

  const without = new SimulatedRun(all, { takesShare: false });
  for (const place of without.hosts) place.trouble = 'broken';
  const [reason] = reasons(await without.all(tasks(1)));
  expect(reason).toBeInstanceOf(SnvgError);
  expect(reason).toMatchObject({ code: 'HOST_FAILED', exitCode: 5 });
  const named = ['h0', 'h1', 'h2', 'h3'].filter((name) => (reason as Error).message.includes(`${name} (host: ${name} is broken)`));
  expect(named).toHaveLength(3);
  await without.close();
});

test('with no host left and this machine not to take part, a run waits for a while and then says what to do', async () => {
  const run = new SimulatedRun(hosts(2), { takesShare: false });
  for (const place of run.hosts) place.trouble = 'lost';
  const [reason] = reasons(await run.all(tasks(1)));
  expect(reason).toMatchObject({ code: 'REMOTE_UNAVAILABLE', exitCode: 5, message: 'No host takes work: h0 (h0 is lost); h1 (h1 is lost)' });
  expect(run.timers.nowMs()).toBeGreaterThanOrEqual(120_000);
  expect(run.timers.nowMs()).toBeLessThan(200_000);
  await run.close();

  const refused = new SimulatedRun(hosts(1), { takesShare: false });
  refused.hosts[0]!.trouble = 'refusing';
  expect(reasons(await refused.all(tasks(1)))).toMatchObject([{ code: 'REMOTE_UNAVAILABLE' }]);
  expect(refused.timers.nowMs()).toBeLessThan(10_000);
  await refused.close();
});

test('with no host left this machine does it all', async () => {
  const run = new SimulatedRun(hosts(2));
  for (const place of run.hosts) place.trouble = 'lost';
  expect(reasons(await run.all(tasks(6)))).toEqual([]);
  expect(run.startsAt('here')).toHaveLength(6);
  await run.close();
});

test('stopping a task stops it where it runs, and one that waits never starts', async () => {
  const run = new SimulatedRun(hosts(1), { takesShare: false });
  const stop = new AbortController();
  const running = run.run({ name: 'running', cpuSeconds: 100 }, stop.signal);
  const waiting = Array.from({ length: 3 }, (_, i) => run.run({ name: `waiting ${i}`, cpuSeconds: 100 }, stop.signal));
  run.timers.at(20_000, () => stop.abort(new Error('enough')));
  const ended = await run.timers.until(Promise.allSettled([running, ...waiting]));
  expect(reasons(ended).map((reason) => (reason as Error).message)).toEqual(['enough', 'enough', 'enough', 'enough']);
  expect(run.timers.nowMs()).toBe(20_000);
  expect(run.hosts[0]!.active).toBe(0);
  expect(run.startsAt('h0')).toEqual(['running']);
  await run.close();
});

test('a task asked for twice runs once wherever it runs, and one that is known does not run', async () => {
  const run = new SimulatedRun(hosts(2));
  const twice = await run.timers.until(Promise.all([run.run({ name: 'same', cpuSeconds: 5 }), run.run({ name: 'same', cpuSeconds: 5 })]));
  expect(twice.map((events) => events.at(-1))).toMatchObject([{ type: 'finished', shared: false }, { type: 'finished', shared: true }]);
  const again = await run.timers.until(run.run({ name: 'same', cpuSeconds: 5 }));
  expect(again).toMatchObject([{ type: 'finished', shared: true }]);
  expect(run.world.log.filter(({ what }) => what === 'started')).toHaveLength(1);
  await run.close();
});

test('the start names the host, and status says in plain data where the work went', async () => {
  const run = new SimulatedRun(hosts(1), { takesShare: false });
  const ended = await run.all(tasks(3));
  const started = ended.flatMap((one) => (one.status === 'fulfilled' ? one.value : [])).filter(({ type }) => type === 'started');
  expect(started).toEqual([{ type: 'started', host: 'h0' }, { type: 'started', host: 'h0' }, { type: 'started', host: 'h0' }]);
  const status = run.backend.status();
  expect(structuredClone(status)).toEqual(status);
  expect(status.places.map(({ name, isHere, done, cpuSeconds, sentBytes, tasks: has }) => ({ name, isHere, done, cpuSeconds, sentBytes, has }))).toEqual([
    { name: 'here', isHere: true, done: 0, cpuSeconds: 0, sentBytes: 0, has: [] },
    { name: 'h0', isHere: false, done: 3, cpuSeconds: 15, sentBytes: 3e6, has: [] },
  ]);
  await run.close();
});

test('after close nothing runs, nothing is started, and nothing is connected', async () => {
  const run = new SimulatedRun(hosts(2));
  const ended = Promise.allSettled(tasks(6).map((task) => run.run(task)));
  await run.timers.until(run.timers.sleep(3_000));
  await run.close();
  expect(reasons(await run.timers.until(ended))).toHaveLength(6);
  expect([run.here, ...run.hosts].map(({ active }) => active)).toEqual([0, 0, 0]);
  await expect(run.run({ name: 'late', cpuSeconds: 1 })).rejects.toThrow('the backend was closed');
});
