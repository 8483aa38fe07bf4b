import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ListedStore } from '../../src/artifacts/store.js';

/** One kind of store, and what a test can do to it behind its back. */
export interface StoreUnderTest {
  store: ListedStore;
  /** The same place opened anew, as another process or machine would. */
  again(options?: { readOnly?: boolean }): Promise<ListedStore>;
  /** Puts other bytes of the same number where an artifact lies. */
  damage(hash: string): Promise<void>;
  /** Leaves only the first bytes of an artifact where it lies. */
  shorten(hash: string): Promise<void>;
  /** Makes an artifact look as if it had been put so long ago. */
  age(hash: string, ms: number): Promise<void>;
  /** What the place's clock says. */
  nowMs(): Promise<number>;
  /** The store keeps its bytes in the memory of this process: what a put takes cannot be told from it. */
  heldHere?: true;
  /** Ends what was started for it. */
  close(): Promise<void>;
}

const hourMs = 3_600_000;
const nowhere = createHash('sha256').update('never put').digest('hex');

/** What every store of artifacts does, whatever it is made of. */
export function storeContract(kind: string, open: (dir: string) => Promise<StoreUnderTest>): void {
  describe(`the store contract: ${kind}`, () => {
    let dir: string;
    let at: StoreUnderTest;
    let store: ListedStore;

    beforeEach(async () => {
      dir = mkdtempSync(join(tmpdir(), 'snvg-store-'));
      at = await open(dir);
      store = at.store;
    });
    afterEach(async () => {
      await at.close();
      await rm(dir, { recursive: true, force: true });
    });

    const listed = async (from: ListedStore = store): Promise<string[]> => {
      const hashes: string[] = [];
      for await (const { hash } of from.list()) hashes.push(hash);
      return hashes.toSorted();
    };
    const putText = (text: string): Promise<{ hash: string; sizeBytes: number }> => store.put('cues', { bytes: Buffer.from(text) });
    const file = (bytes: Buffer): string => {
      const path = join(dir, `given-${randomBytes(4).toString('hex')}`);
      writeFileSync(path, bytes);
      return path;
    };

    it('keeps bytes, and a file that it takes over, under their sha256', async () => {
      const bytes = randomBytes(70_000);
      const path = file(bytes);
      const text = await store.put('captions.srt', { bytes: Buffer.from('1\n') });
      const film = await store.put('clip.mp4', { path });
      expect(text).toEqual({ kind: 'captions.srt', hash: sha256(Buffer.from('1\n')), sizeBytes: 2 });
      expect(film).toEqual({ kind: 'clip.mp4', hash: sha256(bytes), sizeBytes: 70_000 });
      expect(existsSync(path)).toBe(false);
      expect(readFileSync(await store.materialize(film.hash))).toEqual(bytes);
      expect(await all(store.open(film.hash))).toEqual(bytes);
      const other = await at.again();
      expect(await other.has(film.hash)).toBe(true);
      expect(readFileSync(await other.materialize(text.hash), 'utf8')).toBe('1\n');
    });

    it('keeps nothing at all as well', async () => {
      const { hash, sizeBytes } = await putText('');
      expect(sizeBytes).toBe(0);
      expect(readFileSync(await store.materialize(hash))).toHaveLength(0);
      expect(await all(store.open(hash))).toHaveLength(0);
    });

    it('keeps the same bytes once, however often and from wherever they are put at once', async () => {
      const bytes = randomBytes(400_000);
      const other = await at.again();
      const refs = await Promise.all([store.put('clip.mp4', { bytes }), other.put('clip.mp4', { path: file(bytes) }), store.put('clip.mp4', { path: file(bytes) }), other.put('clip.mp4', { bytes })]);
      expect(new Set(refs.map(({ hash }) => hash)).size).toBe(1);
      expect(await listed()).toEqual([refs[0]?.hash]);
      expect(await all(store.open(sha256(bytes)))).toEqual(bytes);
    });

    it('says what is not there: by has, and as a missing artifact when it is read', async () => {
      expect(await store.has(nowhere)).toBe(false);
      await expect(all(store.open(nowhere))).rejects.toMatchObject({ code: 'ARTIFACT_MISSING', hash: nowhere });
      await expect(store.materialize(nowhere)).rejects.toMatchObject({ code: 'ARTIFACT_MISSING' });
      expect(await store.remove(nowhere)).toBe(false);
    });

    it('takes one artifact out when told to', async () => {
      const { hash } = await putText('to be removed');
      const { hash: other } = await putText('to stay');
      expect(await store.remove(hash)).toBe(true);
      expect(await store.has(hash)).toBe(false);
      expect(await listed()).toEqual([other]);
    });

    it('fault 19, a corrupted artifact: names it damaged and hands nothing on', async () => {
      const bytes = randomBytes(300_000);
      const { hash } = await store.put('clip.mp4', { bytes });
      await at.damage(hash);
      const other = await at.again();
      await expect(all(other.open(hash))).rejects.toMatchObject({ code: 'ARTIFACT_DAMAGED', hash });
      await expect(other.materialize(hash)).rejects.toMatchObject({ code: 'ARTIFACT_DAMAGED', hash, exitCode: 4 });
    });

    it('fault 19: takes the right bytes in place of what has another size', async () => {
      const bytes = randomBytes(1000);
      const { hash } = await store.put('clip.mp4', { bytes });
      await at.shorten(hash);
      const other = await at.again();
      await other.put('clip.mp4', { bytes });
      expect(await all(other.open(hash))).toEqual(bytes);
      expect(readFileSync(await other.materialize(hash))).toEqual(bytes);
    });

    it('collects what is neither kept nor young', async () => {
      const kept = await putText('kept');
      const old = await putText('old');
      const young = await putText('young');
      await at.age(kept.hash, 9 * hourMs);
      await at.age(old.hash, 9 * hourMs);
      const before = (await at.nowMs()) - 3 * hourMs;
      expect(await store.gc(new Set([kept.hash]), before, { dryRun: true })).toEqual({ removed: 1, freedBytes: 3 });
      expect(await listed()).toHaveLength(3);
      expect(await store.gc(new Set([kept.hash]), before)).toEqual({ removed: 1, freedBytes: 3 });
      expect(await listed()).toEqual([kept.hash, young.hash].toSorted());
      expect(await store.has(old.hash)).toBe(false);
    });

    it('spares what was asked for, or put again, since', async () => {
      const asked = await putText('asked for');
      const again = await putText('put again');
      for (const { hash } of [asked, again]) await at.age(hash, 9 * hourMs);
      expect(await store.has(asked.hash)).toBe(true);
      await putText('put again');
      expect(await store.gc(new Set(), (await at.nowMs()) - 3 * hourMs)).toEqual({ removed: 0, freedBytes: 0 });
      expect(await listed()).toEqual([asked.hash, again.hash].toSorted());
    });

    it('never takes what a put at the same moment has promised', async () => {
      const texts = Array.from({ length: 12 }, (_, index) => `racing ${index}`);
      for (const text of texts) await at.age((await putText(text)).hash, 9 * hourMs);
      const other = await at.again();
      const before = (await at.nowMs()) - 3 * hourMs;
      const [refs] = await Promise.all([Promise.all(texts.map((text) => other.put('cues', { bytes: Buffer.from(text) }))), store.gc(new Set(), before)]);
      expect(await listed()).toEqual(refs.map(({ hash }) => hash).toSorted());
    });

    it('only looks when it was opened to be read', async () => {
      const { hash } = await putText('looked at');
      await at.age(hash, 9 * hourMs);
      const looking = await at.again({ readOnly: true });
      expect(await looking.has(hash)).toBe(true);
      expect(readFileSync(await looking.materialize(hash), 'utf8')).toBe('looked at');
      await expect(looking.put('cues', { bytes: Buffer.from('new') })).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
      await expect(looking.remove(hash)).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
      const before = (await at.nowMs()) - 3 * hourMs;
      await expect(looking.gc(new Set(), before)).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
      expect(await looking.gc(new Set(), before, { dryRun: true })).toEqual({ removed: 1, freedBytes: 9 });
    });

    it('takes no name that is no hash', async () => {
      for (const name of ['../../etc/passwd', 'ab/../../x', '', nowhere.toUpperCase(), `${nowhere}/..`, `${nowhere}\n`]) {
        await expect(store.has(name)).rejects.toThrow(TypeError);
        await expect((async () => store.materialize(name))()).rejects.toThrow(TypeError);
        expect(() => store.open(name)).toThrow(TypeError);
        await expect(store.remove(name)).rejects.toThrow(TypeError);
      }
    });

    it('streams what is large: 48 MB in and out in much less memory', async () => {
      const path = join(dir, 'large');
      const size = 48 * 1024 * 1024;
      writeFileSync(path, Buffer.alloc(size, 'a film '));
      const before = process.memoryUsage().arrayBuffers;
      let most = 0;
      const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers - before)), 5);
      const { hash, sizeBytes } = await store.put('media.mkv', { path });
      const seen = createHash('sha256');
      for await (const chunk of store.open(hash)) seen.update(chunk as Buffer);
      const copy = await (await at.again()).materialize(hash);
      clearInterval(watch);
      expect(sizeBytes).toBe(size);
      expect(seen.digest('hex')).toBe(hash);
      expect(sha256(readFileSync(copy))).toBe(hash);
      if (!at.heldHere) expect(most).toBeLessThan(size);
    });
  });
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function all(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
