import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Exchange } from '../../src/artifacts/exchange.js';
import type { ArtifactRef } from '../../src/artifacts/kinds.js';
import type { TaskResult } from '../../src/artifacts/task-results.js';

/** One kind of exchange, and what a test can do to it behind its back. */
export interface ExchangeUnderTest {
  /** The same place as another machine sees it. */
  open(): Promise<Exchange>;
  /** Makes the object under a key look as if it had been written so long ago. */
  age(key: string, ms: number): Promise<void>;
  /** Writes an object whatever it is. */
  write(key: string, text: string): Promise<void>;
  /** All keys that can be seen. */
  keys(): Promise<string[]>;
  /** Leaves an upload that was begun so long ago and never finished, as a machine does that is killed half-way. */
  leaveUnfinished(exchange: Exchange, ageMs: number): Promise<void>;
  /** How many such uploads there are. */
  unfinished(): Promise<number>;
  close(): Promise<void>;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const weekMs = 7 * dayMs;

function keyOf(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

const resultOf = (task: string, outputs: Record<string, ArtifactRef>, wallMs = 1): TaskResult => ({ key: keyOf(task), op: 'render.clip', outputs, notices: [], cpuSeconds: 1, wallMs });
const artifact = (hash: string): string => `artifacts/${hash.slice(0, 2)}/${hash}`;
const record = (task: string): string => `results/${keyOf(task).slice(0, 2)}/${keyOf(task)}.json`;

/** What every exchange does, whatever it is made of. */
export function exchangeContract(name: string, prepare: (dir: string) => Promise<ExchangeUnderTest>): void {
  describe(`the exchange contract: ${name}`, () => {
    let dir: string;
    let at: ExchangeUnderTest;
    let here: Exchange;
    let there: Exchange;

    beforeEach(async () => {
      dir = mkdtempSync(join(tmpdir(), 'snvg-exchange-'));
      at = await prepare(dir);
      here = await at.open();
      there = await at.open();
    });
    afterEach(async () => {
      await here.close();
      await there.close();
      await at.close();
      await rm(dir, { recursive: true, force: true });
    });

    const put = (text: string): Promise<ArtifactRef> => here.artifacts.put('captions.srt', { bytes: Buffer.from(text) });

    it('writes a result once, for all machines', async () => {
      const captions = await put('words');
      const first = resultOf('a', { captions }, 1);
      expect(await there.results.get(first.key)).toBeUndefined();
      const outcomes = await Promise.all([here.results.putIfAbsent(first), there.results.putIfAbsent(resultOf('a', { captions }, 2)), here.results.putIfAbsent(resultOf('a', { captions }, 3))]);
      expect(outcomes.toSorted()).toEqual(['there', 'there', 'written']);
      const kept = await there.results.get(first.key);
      expect(kept?.wallMs).toBe(outcomes.indexOf('written') + 1);
      expect(await there.results.putIfAbsent(resultOf('a', { captions }, 4))).toBe('there');
      expect(await here.results.get(first.key)).toEqual(kept);
    });

    it('replaces a result whose artifacts are gone, and one that cannot be read', async () => {
      const gone = await put('gone');
      await here.results.putIfAbsent(resultOf('a', { gone }));
      await here.artifacts.remove(gone.hash);
      const made = await put('made again');
      expect(await there.results.putIfAbsent(resultOf('a', { made }, 5))).toBe('written');
      expect((await here.results.get(keyOf('a')))?.wallMs).toBe(5);
      await at.write(record('b'), '{"key":');
      expect(await here.results.get(keyOf('b'))).toBeUndefined();
      expect(await here.results.putIfAbsent(resultOf('b', { made }))).toBe('written');
      expect(await there.results.get(keyOf('b'))).toBeDefined();
    });

    it('forgets a result when told to, and lists the others', async () => {
      const captions = await put('words');
      for (const task of ['a', 'b', 'c']) await here.results.putIfAbsent(resultOf(task, { captions }));
      await there.results.delete(keyOf('b'));
      const keys: string[] = [];
      for await (const { result } of here.results.all()) keys.push(result.key);
      expect(keys.toSorted()).toEqual([keyOf('a'), keyOf('c')].toSorted());
    });

    it('keeps bytes that are no artifact of a kind', async () => {
      const kept = await here.artifacts.keep({ bytes: Buffer.from('part of a film') });
      expect(kept).toEqual({ hash: keyOf('part of a film'), sizeBytes: 14 });
      expect(await there.artifacts.has(kept.hash)).toBe(true);
    });

    it('collects what is old and not pinned, and leaves what a job still needs', async () => {
      const [used, made, nobody, young] = await Promise.all(['used', 'made', 'nobody', 'young'].map(put)) as [ArtifactRef, ArtifactRef, ArtifactRef, ArtifactRef];
      const described = await here.artifacts.put('clip', { bytes: Buffer.from(JSON.stringify({ film: { kind: 'clip.mp4', hash: made.hash, sizeBytes: 4 } })) });
      await here.results.putIfAbsent(resultOf('pinned', { described }));
      await here.results.putIfAbsent(resultOf('forgotten', { nobody }));
      const pin = await here.pins.open({ jobId: 'job-1', host: 'here' });
      await pin.add({ hashes: [used.hash] });
      await pin.add({ keys: [keyOf('pinned'), keyOf('not yet done')] });
      for (const { hash } of [used, made, nobody, described]) await at.age(artifact(hash), 8 * dayMs);
      for (const task of ['pinned', 'forgotten']) await at.age(record(task), 8 * dayMs);

      const would = await there.collect({ olderThanMs: weekMs, dryRun: true });
      expect(would).toMatchObject({ artifacts: 1, results: 1, pinned: 4 });
      expect(await there.artifacts.has(young.hash)).toBe(true);
      const done = await there.collect({ olderThanMs: weekMs });
      expect(done).toMatchObject({ artifacts: 1, results: 1, pinned: 4, unfinished: 0 });
      expect(done.freedBytes).toBe(would.freedBytes);
      expect(await there.results.get(keyOf('forgotten'))).toBeUndefined();
      expect(await there.artifacts.has(nobody.hash)).toBe(false);
      expect(await there.results.get(keyOf('pinned'))).toBeDefined();
      for (const { hash } of [used, made, described, young]) expect(await there.artifacts.has(hash)).toBe(true);

      await pin.release();
      expect(await at.keys()).not.toContainEqual(expect.stringMatching(/^pins\//));
    });

    it('lets a pin of a job that ended without a word run out by the store’s own clock', async () => {
      const { hash } = await put('of a killed job');
      await at.age(artifact(hash), 9 * dayMs);
      const pin = await here.pins.open({ jobId: 'job-1', host: 'here', ttlMs: 5 * hourMs });
      await pin.add({ hashes: [hash] });
      await pin.leave();
      const pinKey = (await at.keys()).find((key) => key.endsWith('/pin.json')) ?? '';
      await at.age(pinKey, 4 * hourMs);
      expect(await there.collect({ olderThanMs: weekMs, dryRun: true })).toMatchObject({ artifacts: 0, pinned: 1 });
      const pins = [];
      for await (const one of there.pins.list()) pins.push(one);
      expect(pins).toEqual([expect.objectContaining({ jobId: 'job-1', host: 'here', ttlMs: 5 * hourMs })]);

      await at.age(pinKey, 6 * hourMs);
      expect(await there.collect({ olderThanMs: weekMs })).toMatchObject({ artifacts: 1, pinned: 0 });
      await at.age(pinKey, 3 * dayMs);
      await there.collect({ olderThanMs: weekMs });
      expect(await at.keys()).not.toContainEqual(expect.stringMatching(/^pins\//));
    });

    it('spares what is pinned while the collection is under way', async () => {
      const texts = Array.from({ length: 10 }, (_, index) => `old ${index}`);
      const refs = await Promise.all(texts.map(put));
      for (const { hash } of refs) await at.age(artifact(hash), 9 * dayMs);
      const pin = await here.pins.open({ jobId: 'job-1', host: 'here' });
      const take = async (): Promise<string[]> => {
        await pin.add({ hashes: refs.map(({ hash }) => hash) });
        // What is there when it is asked for behind the pin stays.
        const has = await Promise.all(refs.map(({ hash }) => here.artifacts.has(hash)));
        return refs.map(({ hash }) => hash).filter((_, index) => has[index]);
      };
      const [promised] = await Promise.all([take(), there.collect({ olderThanMs: weekMs })]);
      const left = await at.keys();
      for (const hash of promised) expect(left).toContain(artifact(hash));
      await pin.release();
    });

    it('never takes what is younger than two hours, whatever it is told', async () => {
      const { hash } = await put('young');
      await at.age(artifact(hash), hourMs);
      expect(await there.collect({ olderThanMs: 0 })).toMatchObject({ artifacts: 0 });
    });

    it('leaves alone what lies there and is not its own', async () => {
      const strange = ['artifacts/notes.txt', 'artifacts/ab/cd', `artifacts/zz/${keyOf('x')}`, 'results/ab/x.json', 'holiday.mp4'];
      for (const key of strange) {
        await at.write(key, 'somebody’s');
        await at.age(key, 99 * dayMs);
      }
      await here.collect({ olderThanMs: weekMs });
      expect(await at.keys()).toEqual(expect.arrayContaining(strange));
    });

    it('fault 20, a partial upload: cannot be seen, and is collected a day later', async () => {
      await at.leaveUnfinished(here, 23 * hourMs);
      await at.leaveUnfinished(here, 25 * hourMs);
      const seen = await at.keys();
      expect(seen.filter((key) => key.startsWith('artifacts/'))).toEqual([]);
      for await (const one of there.artifacts.list()) expect(one).toBeUndefined();
      expect(await at.unfinished()).toBe(2);
      expect(await there.collect({ olderThanMs: weekMs, dryRun: true })).toMatchObject({ unfinished: 1 });
      expect(await there.collect({ olderThanMs: weekMs })).toMatchObject({ unfinished: 1, artifacts: 0 });
      expect(await at.unfinished()).toBe(1);
    });

    it('fault 19, a corrupted artifact: fetches it once more before it gives up, and leaves nothing where it was to go', async () => {
      const { hash } = await put('whole');
      await at.write(artifact(hash), 'wh0le');
      const path = join(dir, 'fetched');
      await expect(there.artifacts.fetch(hash, path)).rejects.toMatchObject({ code: 'ARTIFACT_DAMAGED' });
      await expect(there.artifacts.fetch(keyOf('never'), path)).rejects.toMatchObject({ code: 'ARTIFACT_MISSING' });
      await at.write(artifact(hash), 'whole');
      await there.artifacts.fetch(hash, path);
    });
  });
}
