import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Pin, PinInfo, Pins } from './exchange.js';
import { readOnlyStore } from './faults.js';
import { requireHash } from './hash.js';
import { readText, type SharedObjects } from './shared-objects.js';

const folder = 'pins/';
const dayMs = 86_400_000;
/** A pin is renewed this often in its `ttlMs`: many renewals may fail before it ends. */
const renewalsPerTtl = 12;
/** What is added is written in pieces of this many names, once each. */
const namesAtOnce = 2_000;

const pinHead = z.object({ jobId: z.string(), host: z.string(), ttlMs: z.number().positive() });
const pinPiece = z.object({ hashes: z.array(z.string()), keys: z.array(z.string()) });
type Piece = z.infer<typeof pinPiece>;

/** What live pins name. */
export interface Pinned {
  hashes: Set<string>;
  /** Task keys. */
  keys: Set<string>;
}

/** Pins as objects: `pins/<id>/pin.json`, whose age says whether it lives, and what it names beside it in pieces that never change. */
export class SharedPins implements Pins {
  readonly #objects: SharedObjects;
  readonly #readOnly: boolean;
  readonly #pieces = new Map<string, Piece>();

  constructor(objects: SharedObjects, options: { readOnly: boolean }) {
    this.#objects = objects;
    this.#readOnly = options.readOnly;
  }

  async open({ jobId, host, ttlMs = dayMs }: { jobId: string; host: string; ttlMs?: number }): Promise<Pin> {
    if (this.#readOnly) throw readOnlyStore(this.#objects.place);
    const pin = new SharedPin(this.#objects, { jobId, host, ttlMs });
    await pin.renew();
    pin.renewRegularly();
    return pin;
  }

  async *list(): AsyncIterable<PinInfo> {
    for (const { head, renewedMs, lives } of await this.#heads()) if (lives) yield { ...head, renewedMs };
  }

  /** All that must not be collected now. */
  async pinned(): Promise<Pinned> {
    const all: Pinned = { hashes: new Set(), keys: new Set() };
    for (const { dir, lives } of await this.#heads()) {
      if (!lives) continue;
      for await (const { key } of this.#objects.list(dir)) {
        const piece = key.endsWith('/pin.json') ? undefined : await this.#piece(key);
        for (const hash of piece?.hashes ?? []) all.hashes.add(hash);
        for (const task of piece?.keys ?? []) all.keys.add(task);
      }
    }
    return all;
  }

  /** Removes pins that ended long ago: whoever has one still would have renewed it. */
  async tidy(): Promise<void> {
    for (const { dir, lives, endedForMs } of await this.#heads()) if (!lives && endedForMs > dayMs) await removeFolder(this.#objects, dir);
  }

  async #heads(): Promise<{ dir: string; head: z.infer<typeof pinHead>; renewedMs: number; lives: boolean; endedForMs: number }[]> {
    const now = await this.#objects.nowMs();
    const heads = [];
    for await (const { key, modifiedMs } of this.#objects.list(folder)) {
      if (!key.endsWith('/pin.json')) continue;
      const text = await readText(this.#objects, key);
      if (text === undefined) continue;
      const head = pinHead.parse(JSON.parse(text));
      const endedForMs = now - modifiedMs - head.ttlMs;
      heads.push({ dir: key.slice(0, -'pin.json'.length), head, renewedMs: modifiedMs, lives: endedForMs < 0, endedForMs });
    }
    return heads;
  }

  async #piece(key: string): Promise<Piece | undefined> {
    const known = this.#pieces.get(key);
    if (known) return known;
    const text = await readText(this.#objects, key);
    if (text === undefined) return undefined;
    const piece = pinPiece.parse(JSON.parse(text));
    this.#pieces.set(key, piece);
    return piece;
  }
}

class SharedPin implements Pin {
  readonly #objects: SharedObjects;
  readonly #head: z.infer<typeof pinHead>;
  readonly #dir = `${folder}${randomBytes(12).toString('hex')}/`;
  readonly #added = { hashes: new Set<string>(), keys: new Set<string>() };
  #timer: NodeJS.Timeout | undefined;
  #renewal: Promise<void> = Promise.resolve();

  constructor(objects: SharedObjects, head: z.infer<typeof pinHead>) {
    this.#objects = objects;
    this.#head = head;
  }

  async add({ hashes = [], keys = [] }: { hashes?: Iterable<string>; keys?: Iterable<string> }): Promise<void> {
    const fresh = { hashes: [...new Set(hashes)].filter((hash) => !this.#added.hashes.has(requireHash(hash))), keys: [...new Set(keys)].filter((key) => !this.#added.keys.has(requireHash(key))) };
    for (let start = 0; start < Math.max(fresh.hashes.length, fresh.keys.length); start += namesAtOnce) {
      const piece: Piece = { hashes: fresh.hashes.slice(start, start + namesAtOnce), keys: fresh.keys.slice(start, start + namesAtOnce) };
      await this.#objects.replace(`${this.#dir}${randomBytes(8).toString('hex')}.json`, encoded(piece));
      for (const hash of piece.hashes) this.#added.hashes.add(hash);
      for (const key of piece.keys) this.#added.keys.add(key);
    }
  }

  renew(): Promise<void> {
    this.#renewal = this.#objects.replace(`${this.#dir}pin.json`, encoded(this.#head));
    return this.#renewal;
  }

  renewRegularly(): void {
    // A renewal that fails is made good by the next: there are many in the time a pin lives.
    this.#timer = setInterval(() => void this.renew().catch(() => {}), this.#head.ttlMs / renewalsPerTtl).unref();
  }

  async leave(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewal.catch(() => {});
  }

  async release(): Promise<void> {
    await this.leave();
    await removeFolder(this.#objects, this.#dir);
  }
}

function encoded(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

async function removeFolder(objects: SharedObjects, dir: string): Promise<void> {
  for await (const { key } of objects.list(dir)) await objects.delete(key);
}
