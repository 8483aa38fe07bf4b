import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { SnvgError } from '../errors.js';
import { openS3 } from '../s3/client.js';
import { S3Objects } from '../s3/objects.js';
import type { LedgerDocument, LedgerDocuments } from './documents.js';
import { explainStore, storeLacksConditions } from './s3-faults.js';

/** The SDK's own attempts, with its backoff: a write may be repeated, since it is told by its nonce. */
const attempts = 5;
const silenceMs = 20_000;
/** Documents read at the same time while listing. */
const readsAtOnce = 16;
/** Newest versions of a lease that are kept. */
const keptLeaseVersions = 4;
/** How often a document is looked for that was listed and then gone. */
const mostLooks = 20;

/** `nonce` tells whose a version is when the reply to its write was lost. */
const storedObject = z.object({ nonce: z.string(), body: z.unknown() });
type StoredObject = z.infer<typeof storedObject>;

export interface S3Place {
  bucket: string;
  /** Without a slash at its ends; may be empty. */
  prefix: string;
  /** Null: AWS, or what the variables of the AWS tools say. */
  endpoint: string | null;
}

/**
 * The ledger's documents in an S3-compatible store. Each version is an object of its own, `<prefix>/<id>/<version in 8 digits>.json`,
 * written with `If-None-Match: *`: of two writers of a version the store takes one. Versions of publications are never deleted; old ones
 * of leases are, so these are looked at again after they were written. It needs GetObject, PutObject and ListBucket, and DeleteObject
 * for tidiness alone.
 *
 * @throws {SnvgError} LEDGER_REFUSED when the store does not honour conditional writes or refuses the credentials; LEDGER_UNAVAILABLE
 */
export async function openS3Documents({ bucket, prefix, endpoint }: S3Place): Promise<LedgerDocuments> {
  const documents = new S3Documents(new S3Objects(await openS3({ endpoint, attempts, silenceMs }), bucket), prefix);
  try {
    await documents.requireConditions();
    return documents;
  } catch (error) {
    await documents.close();
    throw error;
  }
}

class S3Documents implements LedgerDocuments {
  readonly place: string;
  readonly #objects: S3Objects;
  readonly #root: string;
  /** The newest version seen: versions never change, so what comes after it is all there is to ask. */
  readonly #newest = new Map<string, LedgerDocument>();

  constructor(objects: S3Objects, prefix: string) {
    this.#objects = objects;
    this.#root = prefix === '' ? '' : `${prefix}/`;
    this.place = `s3://${objects.bucket}/${prefix}`;
  }

  /** Writes a small object twice: the second time must be refused. It stays, so that later the first time is. */
  async requireConditions(): Promise<void> {
    const probe = `${this.#root}conditional-writes.json`;
    for (let turn = 1; turn <= 2; turn += 1) {
      if ((await this.#create(probe, JSON.stringify({ about: 'snvg looks here whether this store refuses to write over an object when it is asked to.' }))) === 'exists') return;
    }
    throw storeLacksConditions(this.place);
  }

  async read(id: string): Promise<LedgerDocument | undefined> {
    for (let look = 1; look <= mostLooks; look += 1) {
      const known = this.#newest.get(id);
      let version = known?.version;
      for await (const key of this.#keys(`${this.#root}${id}/`, version === undefined ? undefined : this.#keyOf(id, version))) version = partsOf(key)?.version ?? version;
      if (version === undefined || version === known?.version) return known;
      const object = await this.#get(this.#keyOf(id, version));
      if (object) return this.#remember({ id, version, body: object.body });
      // A lease's version that was tidied away between the two requests: there is a newer one.
    }
    throw new SnvgError('LEDGER_UNAVAILABLE', `${this.place} lists ${id} but does not give it`, 'Run again later.');
  }

  async write(id: string, version: number, body: unknown): Promise<boolean> {
    const [key, nonce] = [this.#keyOf(id, version + 1), randomUUID()];
    const text = JSON.stringify({ nonce, body });
    if (!(await this.#createOwn(key, text, nonce))) return false;
    if (id.startsWith('leases/') && !(await this.#isNewestLease(id, version + 1))) return false;
    // As JSON has it, as whoever reads it gets it.
    this.#remember({ id, version: version + 1, body: storedObject.parse(JSON.parse(text)).body });
    return true;
  }

  async *list(prefix: string): AsyncIterable<LedgerDocument> {
    const newest = new Map<string, number>();
    for await (const key of this.#keys(this.#root + prefix)) {
      const parts = partsOf(key.slice(this.#root.length));
      if (parts) newest.set(parts.id, parts.version);
    }
    const ids = [...newest];
    for (let start = 0; start < ids.length; start += readsAtOnce) {
      const documents = await Promise.all(ids.slice(start, start + readsAtOnce).map(([id, version]) => this.#readListed(id, version)));
      for (const document of documents) if (document) yield document;
    }
  }

  async close(): Promise<void> {
    this.#objects.close();
  }

  async #readListed(id: string, version: number): Promise<LedgerDocument | undefined> {
    const known = this.#newest.get(id);
    if (known && known.version >= version) return known;
    const object = await this.#get(this.#keyOf(id, version));
    return object ? this.#remember({ id, version, body: object.body }) : this.read(id);
  }

  #keyOf(id: string, version: number): string {
    return `${this.#root}${id}/${String(version).padStart(8, '0')}.json`;
  }

  #remember(document: LedgerDocument): LedgerDocument {
    this.#newest.set(document.id, document);
    return document;
  }

  /** Whether this very text lies there now, also when the reply was lost. */
  async #createOwn(key: string, text: string, nonce: string): Promise<boolean> {
    let failure: unknown;
    try {
      if ((await this.#create(key, text)) === 'created') return true;
    } catch (error) {
      failure = error;
    }
    const there = await this.#get(key).catch((error: unknown) => {
      throw failure ?? error;
    });
    if (!there && failure !== undefined) throw failure;
    return there?.nonce === nonce;
  }

  /** A version that was tidied away can be written once more by somebody who slept meanwhile: it is not the newest then. */
  async #isNewestLease(id: string, version: number): Promise<boolean> {
    const key = this.#keyOf(id, version);
    for await (const newer of this.#keys(`${this.#root}${id}/`, key)) {
      if (newer > key) {
        await this.#tidy(key);
        return false;
      }
    }
    if (version > keptLeaseVersions) await this.#tidy(this.#keyOf(id, version - keptLeaseVersions));
    return true;
  }

  async #create(key: string, text: string): Promise<'created' | 'exists'> {
    return this.#objects.create(key, text).catch((error: unknown) => {
      throw explainStore(error, this.place, 'written');
    });
  }

  async #get(key: string): Promise<StoredObject | undefined> {
    const text = await this.#objects.read(key).catch((error: unknown) => {
      throw explainStore(error, this.place, 'read');
    });
    if (text === undefined) return undefined;
    const read = storedObject.safeParse(parsed(text));
    if (read.success) return read.data;
    throw new SnvgError('LEDGER_INVALID', `s3://${this.#objects.bucket}/${key} was not written by snvg`, 'Give the ledger a prefix of its own: --ledger s3://bucket/posts');
  }

  async *#keys(prefix: string, after?: string): AsyncIterable<string> {
    try {
      yield* this.#objects.keys(prefix, after);
    } catch (error) {
      throw explainStore(error, this.place, 'listed');
    }
  }

  /** A store that forbids it only keeps more than is needed. */
  async #tidy(key: string): Promise<void> {
    await this.#objects.delete(key).catch(() => {});
  }
}

function partsOf(key: string): { id: string; version: number } | undefined {
  const [, id, version] = /^(.+)\/(\d{8})\.json$/.exec(key) ?? [];
  return id === undefined ? undefined : { id, version: Number(version) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
