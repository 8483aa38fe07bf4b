import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Place, PlaceFault } from '../../src/pipeline/backends/place.js';
import { parseDestination } from '../../src/pipeline/backends/ssh/destination.js';
import { openSshPlaces } from '../../src/pipeline/backends/ssh/index.js';
import { createLogger } from '../../src/logger.js';
import type { WorkOrder } from '../../src/pipeline/work-order.js';
import { noOwnNetworks, startSshHosts, type SshHosts } from '../support/ssh-hosts.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { fileRef, type Greeter, greeterIn, ownVersion, taskOf, wholeOrder } from '../support/wire-orders.js';

const program = resolve('bin/snvg.js');
const film = 'fixtures/beep-flash.mp4';
/** Three seconds without a word and a connection is given up: short for tests, long for a machine under load. */
const timing = { greetingMs: 60_000, pingEveryMs: 250, silenceMs: 3_000 };

/** Numbers are those of the list of faults that a run on several machines must survive. */
describe.skipIf(noOwnNetworks !== undefined)(`a host reached by SSH${noOwnNetworks === undefined ? '' : ` (skipped: ${noOwnNetworks})`}`, () => {
  let ssh: SshHosts;
  let order: WorkOrder;
  let here: Greeter;
  const dir = { path: '' };
  /** Each test has a task of its own: no agent answers from what another left. */
  let durationUs = 10_000_000;
  const path = process.env['PATH'];
  const open: Place[] = [];
  const never = new AbortController().signal;

  beforeAll(async () => {
    dir.path = join(import.meta.dirname, '../../.tmp', `place-faults-${process.pid}`);
    mkdirSync(dir.path, { recursive: true });
    // w1 works; on w2 ffmpeg begins to conform and never ends, while the file that says so is there.
    writeFileSync(join(dir.path, 'sometimes'), `#!/bin/sh\ncase "$*" in *+genpts*) test -e '${join(dir.path, 'hang')}' && exec sleep 300;; esac\nexec ffmpeg-itself "$@"\n`, { mode: 0o755 });
    ssh = await startSshHosts([
      { programs: ['node', 'ffmpeg', 'ffprobe', ['snvg', program]] },
      { programs: ['node', ['ffmpeg', join(dir.path, 'sometimes')], ['ffmpeg-itself', programPath('ffmpeg')], 'ffprobe', ['snvg', program]] },
      { programs: ['node'] },
    ]);
    process.env['PATH'] = ssh.env.PATH;
  });
  afterEach(() => Promise.all(open.splice(0).map((place) => place.close())));
  afterAll(async () => {
    process.env['PATH'] = path;
    await ssh.stop();
    rmSync(dir.path, { recursive: true, force: true });
  });

  const placeOn = async (name: string, options: { version?: string; program?: string } = {}): Promise<Place> => {
    here = await greeterIn(temporaryFolder());
    const file = await fileRef(film);
    await here.supply.offer(file);
    order = { ...wholeOrder(await taskOf(here.toolchain, 'ingest.conform', { streams: [0, 1], hasPicture: true, durationUs: (durationUs += 1) }, { file })), tools: ['ffmpeg'] };
    const [place] = await openSshPlaces({
      hosts: [{ name, destination: parseDestination(name), cores: undefined, program: options.program }],
      link: { version: options.version ?? ownVersion, store: here.store, incoming: here.incoming, supply: here.supply, log: createLogger('silent'), timing },
      identities: here.toolchain.identities,
      paths: { runtimeDir: temporaryFolder() },
    });
    if (!place) throw new Error('a host without a place');
    open.push(place);
    return place;
  };
  const hang = (): void => {
    writeFileSync(join(dir.path, 'hang'), '');
    onTestFinished(() => rmSync(join(dir.path, 'hang'), { force: true }));
  };
  const atWork = async (name: string): Promise<void> => {
    await expect.poll(() => ssh.processes(name).filter(({ command }) => command.startsWith('sleep 300')).length, { timeout: 30_000 }).toBe(1);
  };
  const nothingLeft = async (name: string): Promise<void> => {
    await expect.poll(() => ssh.processes(name), { timeout: 15_000 }).toEqual([]);
  };

  test('does a task, says what was sent, and leaves nothing alive when it is closed', async () => {
    const place = await placeOn('w1');
    expect(place.lacks(order)).toBe('w1 is not connected');
    await place.connect(never);
    expect([place.state, place.lacks(order), place.missingBytes(order)]).toEqual(['ready', undefined, order.parts[0]?.sizeBytes]);
    const result = await place.run(order, { signal: never, listener });
    expect(await here.store.has(result.outputs['media']?.hash ?? '')).toBe(true);
    expect(place.missingBytes(order)).toBe(0);
    expect(place.traffic.sentBytes).toBe(order.parts[0]?.sizeBytes);
    await place.close();
    await nothingLeft('w1');
  });

  test('fault 7: a killed session ends the task there, is the network’s fault, and the host can be had again', async () => {
    hang();
    const place = await placeOn('w2');
    await place.connect(never);
    const running = place.run(order, { signal: never, listener }).catch((error: PlaceFault) => error);
    await atWork('w2');
    ssh.killSessions('w2');
    expect(await running).toMatchObject({ name: 'PlaceFault', blame: 'network' });
    expect(place.state).toBe('lost');
    await nothingLeft('w2');
    rmSync(join(dir.path, 'hang'));
    await place.connect(never);
    expect((await place.run(order, { signal: never, listener })).key).toBe(order.task.key);
  });

  test('fault 8: without a listener what runs goes on; once lost, the host says why, and works again when the listener does', async () => {
    const place = await placeOn('w1');
    await place.connect(never);
    ssh.killListener('w1');
    expect((await place.run(order, { signal: never, listener })).key).toBe(order.task.key);
    ssh.killSessions('w1');
    await expect.poll(() => place.state, { timeout: 10_000 }).toBe('lost');
    await expect(place.connect(never)).rejects.toMatchObject({ name: 'PlaceFault', blame: 'network', message: expect.stringContaining('No SSH server answers on w1') });
    expect([place.state, place.problem?.message]).toEqual(['lost', expect.stringContaining('No SSH server')]);
    await ssh.startListener('w1');
    await place.connect(never);
    expect(place.state).toBe('ready');
  });

  test('fault 9: a cut mid-task: both ends give up by themselves, nothing comes late, and afterwards the host works again', async () => {
    hang();
    const place = await placeOn('w2');
    await place.connect(never);
    const running = place.run(order, { signal: never, listener }).catch((error: PlaceFault) => error);
    await atWork('w2');
    ssh.cut('w2');
    expect(await running).toMatchObject({ name: 'PlaceFault', blame: 'network' });
    // Nobody can tell it to stop: its own dead-man does.
    await nothingLeft('w2');
    rmSync(join(dir.path, 'hang'));
    ssh.restore('w2');
    expect(place.traffic.receivedBytes).toBe(0);
    await place.connect(never);
    const result = await place.run(order, { signal: never, listener });
    expect(await here.store.has(result.outputs['media']?.hash ?? '')).toBe(true);
  });

  test('fault 11: on a slow link what moves on is waited for, however long it takes in all', async () => {
    rmSync(join(ssh.hosts[0]?.home ?? '', '.cache'), { recursive: true, force: true });
    const place = await placeOn('w1');
    await place.connect(never);
    const bytes = order.parts[0]?.sizeBytes ?? 0;
    // Twice the silence that a connection is given up for.
    ssh.slow('w1', Math.round((bytes * 8) / 1000 / (2 * (timing.silenceMs / 1000))));
    onTestFinished(() => ssh.restore('w1'));
    const startedMs = performance.now();
    const result = await place.run(order, { signal: never, listener });
    expect(result.key).toBe(order.task.key);
    expect(performance.now() - startedMs).toBeGreaterThan(timing.silenceMs);
  });

  test('fault 27: another version is refused when it is greeted, and stays refused', async () => {
    const place = await placeOn('w1', { version: '9.9.9' });
    await expect(place.connect(never)).rejects.toMatchObject({ name: 'PlaceFault', message: expect.stringContaining('9.9.9'), remedy: expect.stringContaining('snvg hosts install w1') });
    expect(place.state).toBe('refused');
    await nothingLeft('w1');
  });

  test('a host without snvg says so, and one whose ffmpeg is missing does not take what needs it', async () => {
    const bare = await placeOn('w3');
    await expect(bare.connect(never)).rejects.toMatchObject({ blame: 'host', message: 'This snvg is not installed on w3', remedy: 'Put it there: snvg hosts install w3' });
    expect(bare.state).toBe('refused');
    const home = ssh.hosts[2]?.home ?? '';
    const folder = join(home, '.local/share/snvg/0.1.0-0123456789abcdef');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'snvg'), `#!/bin/sh\nexec node '${program}' "$@"\n`, { mode: 0o755 });
    expect(existsSync(join(folder, 'snvg'))).toBe(true);
    const place = await placeOn('w3', { program: '0.1.0-0123456789abcdef' });
    await place.connect(never);
    expect(place.lacks(order)).toBe('w3 has no ffmpeg');
    expect(place.lacks({ ...order, tools: ['fonts'] })).toBeUndefined();
  });

  test('a host that shows another key is refused', async () => {
    await ssh.changeHostKey('w3');
    const place = await placeOn('w3');
    await expect(place.connect(never)).rejects.toMatchObject({ name: 'PlaceFault', blame: 'host', message: expect.stringContaining('another key') });
    expect(place.state).toBe('refused');
  });
});

function listener(): void {}

/** As found now, before the PATH leads elsewhere. */
function programPath(name: string): string {
  const found = (process.env['PATH'] ?? '').split(':').map((folder) => join(folder, name)).find((file) => existsSync(file));
  if (found === undefined) throw new Error(`${name} is not installed`);
  return found;
}
