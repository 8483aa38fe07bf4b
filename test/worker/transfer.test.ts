import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { encodeFrame } from '../../src/pipeline/backends/wire/frames.js';
import { conformTask, runOn } from '../support/conform-task.js';
import { localAgent, nothingLives, scratchOf, workerFolder } from '../support/local-agent.js';
import { relayed } from '../support/relay.js';
import { noSmallDisk, smallDisk } from '../support/small-disk.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { fileRef, greeterIn, wholeOrder } from '../support/wire-orders.js';

const listens = { signal: new AbortController().signal, listener: () => {} };

function typeOf(header: unknown): unknown {
  return (header as { type?: unknown }).type;
}

it('runs a task ordered twice once, two tasks beside each other, and sends what both need once', async () => {
  const home = temporaryFolder();
  const here = await greeterIn(home);
  const agent = localAgent({ home, memoFile: here.memoFile });
  const link = await here.link(agent);
  const [both, sound] = [await conformTask(here), await conformTask(here, [1])];
  const [first, again, other] = await Promise.all([runOn(link, both), runOn(link, both), runOn(link, sound)]);
  expect(again).toEqual(first);
  expect(other.outputs).not.toEqual(first.outputs);
  expect(agent.log.filter((line) => line.includes('"msg":"runs"'))).toHaveLength(2);
  expect(link.traffic.sentBytes).toBe(both.inputs['file'] && 'sizeBytes' in both.inputs['file'] ? both.inputs['file'].sizeBytes : 0);
  await link.close();
});

it('asks again for bytes that arrive changed', async () => {
  const home = temporaryFolder();
  const here = await greeterIn(home);
  let spoilt = 0;
  const line = relayed(localAgent({ home, memoFile: here.memoFile }), {
    tamper: ({ header, body }) => {
      if (typeOf(header) !== 'bytes' || spoilt > 0) return encodeFrame(header, body);
      spoilt += 1;
      return encodeFrame(header, Uint8Array.from(body, (byte, at) => (at === 1000 ? byte ^ 1 : byte)));
    },
  });
  const link = await here.link(line);
  const task = await conformTask(here);
  expect((await runOn(link, task)).outputs).toHaveProperty('media');
  expect(spoilt).toBe(1);
  expect(link.traffic.sentBytes).toBeGreaterThan((await fileRef('fixtures/beep-flash.mp4')).sizeBytes);
  await link.close();
});

it.each([
  ['is no frame', (frame: Uint8Array) => Buffer.concat([Buffer.from('ffffffff', 'hex'), frame]), '"reason":"fault"'],
  ['is another message than was agreed', () => encodeFrame({ type: 'order', id: 1, order: { task: 'everything' } }), '"reason":"fault"'],
])('ends the connection when what comes %s', async (_what, spoil, reason) => {
  const home = temporaryFolder();
  const here = await greeterIn(home);
  const agent = localAgent({ home, memoFile: here.memoFile });
  const link = await here.link(relayed(agent, { tamper: ({ header, body }) => (typeOf(header) === 'order' ? spoil(encodeFrame(header, body)) : encodeFrame(header, body)) }));
  await expect(runOn(link, await conformTask(here))).rejects.toMatchObject({ name: 'PlaceFault', blame: 'host', message: expect.stringContaining('could not be understood') });
  await nothingLives(home);
  expect(agent.log.join('\n')).toContain(reason);
});

it('ends when the line breaks in the middle of a frame', async () => {
  const home = temporaryFolder();
  const here = await greeterIn(home);
  const agent = localAgent({ home, memoFile: here.memoFile });
  const link = await here.link(
    relayed(agent, {
      tamper: ({ header, body }) => {
        const frame = encodeFrame(header, body);
        if (typeOf(header) !== 'bytes') return frame;
        setImmediate(() => agent.write.end());
        return frame.subarray(0, 1000);
      },
    }),
  );
  await expect(runOn(link, await conformTask(here))).rejects.toMatchObject({ name: 'PlaceFault', blame: 'network' });
  await nothingLives(home);
  expect(scratchOf(home)).toEqual([]);
});

it('answers from what is there when the connection was lost after the work', async () => {
  const home = temporaryFolder();
  const here = await greeterIn(home);
  const first = localAgent({ home, memoFile: here.memoFile });
  // The link is gone at the moment at which it would fetch what was made.
  const lost = await here.link(relayed(first, { tamper: ({ header, body }) => (typeOf(header) === 'fetch' ? (setImmediate(() => first.write.end()), Buffer.alloc(0)) : encodeFrame(header, body)) }));
  const task = await conformTask(here);
  await expect(runOn(lost, task)).rejects.toMatchObject({ blame: 'network' });
  await nothingLives(home);

  const second = localAgent({ home, memoFile: here.memoFile });
  const link = await here.link(second);
  const result = await runOn(link, task);
  expect(await here.store.has(result.outputs['media']!.hash)).toBe(true);
  expect(link.traffic.sentBytes).toBe(0);
  expect(second.log.some((line) => line.includes('"msg":"runs"'))).toBe(false);
  await link.close();
});

it('takes no spoilt artifact over: it is fetched once more, then made anew', async () => {
  const home = temporaryFolder();
  const here = await greeterIn(home);
  const link = await here.link(localAgent({ home, memoFile: here.memoFile }));
  const task = await conformTask(here);
  const result = await runOn(link, task);
  const { hash, sizeBytes } = result.outputs['media']!;
  // It decays on the other machine's disk, and is lost here.
  const there = join(workerFolder(home), 'artifacts', hash.slice(0, 2), hash);
  writeFileSync(there, readFileSync(there).fill(0, 1000, 1100));
  await here.store.gc(new Set(), Date.now() + 1000);
  const before = link.traffic.receivedBytes;
  await expect(runOn(link, task)).rejects.toMatchObject({ name: 'PlaceFault', blame: 'host', message: expect.stringContaining('twice') });
  expect(link.traffic.receivedBytes - before).toBe(2 * sizeBytes);
  expect(await here.store.has(hash)).toBe(false);
  expect((await runOn(link, task)).outputs).toEqual(result.outputs);
  expect(await here.store.has(hash)).toBe(true);
  await link.close();
});

it('stops with the source’s fault when a source was replaced meanwhile', async () => {
  const home = temporaryFolder();
  const here = await greeterIn(home);
  const link = await here.link(localAgent({ home, memoFile: here.memoFile }));
  const path = join(home, 'film.mp4');
  writeFileSync(path, readFileSync('fixtures/beep-flash.mp4'));
  const file = await fileRef(path);
  await here.supply.offer(file);
  const task = await conformTask(here);
  await here.supply.offer(file);
  writeFileSync(path, readFileSync('fixtures/talk.mp4').subarray(0, file.sizeBytes));
  await expect(link.run(wholeOrder({ ...task, inputs: { file } }), listens)).rejects.toMatchObject({ code: 'MEDIA_UNREADABLE', message: expect.stringContaining('was changed') });
  await link.close();
});

const disk = noSmallDisk === undefined || process.env['CI'] ? undefined : noSmallDisk;
it.skipIf(disk)(`says that there is no room, and leaves nothing half made${disk ? ` (skipped: ${disk})` : ''}`, async () => {
  const home = temporaryFolder();
  const here = await greeterIn(home);
  const small = smallDisk('size=80m');
  const link = await here.link(localAgent({ home, memoFile: here.memoFile, args: ['--cache', small.path] }));
  const task = await conformTask(here);
  small.fill(30e6);
  await expect(runOn(link, task)).rejects.toMatchObject({ name: 'PlaceFault', blame: 'capacity' });
  expect(readdirSync(small.path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && entry.parentPath.includes('scratch'))).toEqual([]);
  small.empty();
  // Room was made: the same task runs, and its answer does not fit any more.
  const { outputs } = await runOn(link, task);
  expect(existsSync(join(small.path, 'artifacts', outputs['media']!.hash.slice(0, 2), outputs['media']!.hash))).toBe(true);
  await link.close();
});
