import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, openSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeSync, closeSync, appendFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ByteRange, without } from '../../src/artifacts/byte-range.js';
import { PartialFiles } from '../../src/artifacts/partial-files.js';
import { noSmallDisk, smallDisk } from '../support/small-disk.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const roomy = { maxBytes: 1e9 };

interface Original {
  sha256: string;
  sizeBytes: number;
  bytes: Buffer;
}

/** Bytes that look like nothing else, the same for the same seed. */
function original(sizeBytes: number, seed = 1): Original {
  const bytes = Buffer.alloc(sizeBytes);
  for (let i = 0, block = createHash('sha256').update(String(seed)).digest(); i < sizeBytes; i += block.length, block = createHash('sha256').update(block).digest()) block.copy(bytes, i);
  return { sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes, bytes };
}

const range = (startByte: number, endByte: number): ByteRange => ({ startByte, endByte });
const whole = (file: Original): ByteRange[] => [range(0, file.sizeBytes)];
const put = (files: PartialFiles, file: Original, { startByte, endByte }: ByteRange): Promise<void> => files.write(file, startByte, file.bytes.subarray(startByte, endByte));
const kept = (files: PartialFiles, file: Original, { startByte, endByte }: ByteRange): Buffer => readFileSync(files.pathOf(file.sha256)).subarray(startByte, endByte);

function spoil(path: string, atByte: number): void {
  const before = readFileSync(path)[atByte] ?? 0;
  const handle = openSync(path, 'r+');
  writeSync(handle, Buffer.from([before ^ 0xff]), 0, 1, atByte);
  closeSync(handle);
}

const file = original(5000);
const someRange = fc.tuple(fc.nat({ max: file.sizeBytes - 1 }), fc.integer({ min: 1, max: 900 })).map(([startByte, length]) => range(startByte, Math.min(file.sizeBytes, startByte + length)));

describe('what is missing', () => {
  it('is all of a file that never came, and the file is there with holes, at its full length', async () => {
    const files = new PartialFiles(temporaryFolder(), roomy);
    expect(await files.missing({ ...file, ranges: [range(10, 20), range(4000, 5000)] })).toEqual([range(10, 20), range(4000, 5000)]);
    expect(statSync(files.pathOf(file.sha256))).toMatchObject({ size: 5000, blocks: 0 });
  });

  it('is nothing of an empty file', async () => {
    const files = new PartialFiles(temporaryFolder(), roomy);
    const empty = original(0);
    expect(await files.missing({ ...empty, ranges: [] })).toEqual([]);
    expect(await files.isWhole(empty)).toBe(true);
    expect(existsSync(files.pathOf(empty.sha256))).toBe(true);
  });

  it('is what no write brought, whatever the writes, their order, and a new process between them', async () => {
    const step = fc.record({ written: someRange, asked: fc.array(someRange, { minLength: 1, maxLength: 3 }), anew: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const root = temporaryFolder();
        let files = new PartialFiles(root, roomy);
        const written: ByteRange[] = [];
        for (const { written: now, asked, anew } of steps) {
          await put(files, file, now);
          written.push(now);
          if (anew) files = new PartialFiles(root, roomy);
          expect(await files.missing({ ...file, ranges: asked })).toEqual(without(asked, written));
          expect(kept(files, file, now)).toEqual(file.bytes.subarray(now.startByte, now.endByte));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('is the same for writers at the same time, and for two instances that share the folder', async () => {
    const root = temporaryFolder();
    const [a, b] = [new PartialFiles(root, roomy), new PartialFiles(root, roomy)];
    const ranges = fc.sample(someRange, 60);
    await Promise.all(ranges.map((one, i) => put(i % 2 === 0 ? a : b, file, one)));
    for (const files of [a, b, new PartialFiles(root, roomy)]) expect(await files.missing({ ...file, ranges: whole(file) })).toEqual(without(whole(file), ranges));
  });

  it('includes what was damaged on disk since, found by the next process, and no more than its piece', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(someRange, { minLength: 1, maxLength: 6 }), fc.nat({ max: file.sizeBytes - 1 }), async (ranges, spoiltByte) => {
        const root = temporaryFolder();
        const before = new PartialFiles(root, roomy);
        for (const one of ranges) await put(before, file, one);
        spoil(before.pathOf(file.sha256), spoiltByte);
        const after = new PartialFiles(root, roomy);
        const missing = await after.missing({ ...file, ranges: whole(file) });
        const had = without(whole(file), missing);
        for (const one of had) expect(kept(after, file, one)).toEqual(file.bytes.subarray(one.startByte, one.endByte));
        for (const one of missing) await put(after, file, one);
        expect(await after.isWhole(file)).toBe(true);
        expect(readFileSync(after.pathOf(file.sha256))).toEqual(file.bytes);
      }),
      { numRuns: 30 },
    );
  });

  it('is everything when the file was cut short, is gone, or the map is nonsense', async () => {
    const root = temporaryFolder();
    const path = new PartialFiles(root, roomy).pathOf(file.sha256);
    const faults = [() => truncateSync(path, 100), () => rmSync(path), () => truncateSync(`${path}.map`, 0), () => truncateSync(`${path}.map`, 9), () => (rmSync(path), truncateSync(`${path}.map`, 9))];
    for (const fault of faults) {
      await put(new PartialFiles(root, roomy), file, range(0, 3000));
      fault();
      expect(await new PartialFiles(root, roomy).missing({ ...file, ranges: [range(0, 3000)] })).toEqual([range(0, 3000)]);
    }
  });

  it('leaves out only the line of the map that a kill tore', async () => {
    const root = temporaryFolder();
    const files = new PartialFiles(root, roomy);
    await put(files, file, range(0, 1000));
    appendFileSync(`${files.pathOf(file.sha256)}.map`, '\npiece 1000 2000 0123');
    const next = new PartialFiles(root, roomy);
    await put(next, file, range(2000, 3000));
    expect(await new PartialFiles(root, roomy).missing({ ...file, ranges: [range(0, 3000)] })).toEqual([range(1000, 2000)]);
  });
});

describe('a file that is all here', () => {
  it('is known to be whole', async () => {
    const files = new PartialFiles(temporaryFolder(), roomy);
    await put(files, file, range(0, 2500));
    expect(await files.isWhole(file)).toBe(false);
    await put(files, file, range(2000, 5000));
    expect(await files.isWhole(file)).toBe(true);
  });

  it('is refused, every byte of it, when it is not what its sha256 says', async () => {
    const files = new PartialFiles(temporaryFolder(), roomy);
    const other = { ...file, bytes: original(file.sizeBytes, 2).bytes };
    await put(files, other, range(0, 2500));
    await expect(put(files, file, range(2500, 5000))).rejects.toThrow(/is not that file/);
    expect(await files.missing({ ...file, ranges: whole(file) })).toEqual(whole(file));
    await put(files, file, range(0, 5000));
    expect(readFileSync(files.pathOf(file.sha256))).toEqual(file.bytes);
  });
});

describe('a kill', () => {
  it('leaves a map that names nothing but bytes that are there', { timeout: 60_000 }, async () => {
    const root = temporaryFolder();
    const big = original(2_000_000, 3);
    const writer = join(import.meta.dirname, 'fixtures', 'killed-writer.mjs');
    let found = 0;
    for (let round = 0; round < 8; round++) {
      const child = spawn(process.execPath, [writer, root, String(round)], { stdio: ['pipe', 'pipe', 'inherit'] });
      child.stdin.end(big.bytes);
      const ended = once(child, 'exit');
      await once(child.stdout, 'data');
      await sleep(5 + ((round * 37) % 60));
      child.kill('SIGKILL');
      await ended;
      const files = new PartialFiles(root, roomy);
      const missing = await files.missing({ ...big, ranges: whole(big) });
      for (const one of without(whole(big), missing)) {
        expect(kept(files, big, one).equals(big.bytes.subarray(one.startByte, one.endByte))).toBe(true);
        found += 1;
      }
    }
    expect(found).toBeGreaterThan(0);
  });
});

describe('room on disk', () => {
  const blocks = 64 * 1024;

  it('is made by giving up what was used longest ago', async () => {
    const root = temporaryFolder();
    const files = new PartialFiles(root, { maxBytes: 2.5 * blocks });
    const originals = [1, 2, 3].map((seed) => original(blocks, seed));
    for (const [i, one] of originals.entries()) {
      await put(files, one, range(0, blocks));
      for (const suffix of ['', '.map']) utimesSync(files.pathOf(one.sha256) + suffix, 1000 + i, 1000 + i);
    }
    const [first, second, third] = originals as [Original, Original, Original];
    await (await files.hold(first.sha256))();
    expect((await files.collect()).removed).toBe(1);
    expect(await Promise.all([first, second, third].map((one) => files.isWhole(one)))).toEqual([true, false, true]);
  });

  it('is not made of what a task reads, in this process or another that lives', async () => {
    const root = temporaryFolder();
    const alive = new Set(['a', 'b']);
    const filesOf = (tag: string): PartialFiles => new PartialFiles(root, { maxBytes: 0, holder: { tag, isAlive: (one) => alive.has(one) } });
    const [a, b] = [filesOf('a'), filesOf('b')];
    const release = await a.hold(file.sha256);
    const releaseAgain = await a.hold(file.sha256);
    await put(a, file, range(0, 5000));
    expect((await a.collect()).removed).toBe(0);
    await release();
    await release();
    expect((await b.collect()).removed).toBe(0);
    expect(await b.isWhole(file)).toBe(true);
    alive.delete('a');
    expect((await b.collect()).removed).toBe(1);
    expect(readdirSync(join(root, file.sha256.slice(0, 2)))).toEqual([]);
    await releaseAgain();
  });

  it.skipIf(noSmallDisk !== undefined && !process.env['CI'])('runs out as DISK_FULL, and leaves what came before', async () => {
    const disk = smallDisk('size=1m');
    const files = new PartialFiles(disk.path, roomy);
    const [small, large] = [original(200_000, 4), original(3_000_000, 5)];
    await put(files, small, range(0, 200_000));
    const release = await files.hold(small.sha256);
    await expect(put(files, large, range(0, 2_000_000))).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(existsSync(files.pathOf(large.sha256))).toBe(false);
    expect(await files.isWhole(small)).toBe(true);
    await release();
    // Nobody holds the small one any more: it makes room.
    await put(files, large, range(0, 900_000));
    expect(await files.missing({ ...large, ranges: [range(0, 900_000)] })).toEqual([]);
    expect(existsSync(files.pathOf(small.sha256))).toBe(false);
  });
});
