import { SnvgError } from '../errors.js';
import type { Publication, PublicationIdentity, PublicationState, PublicationStep } from '../publishers/publisher.js';
import { AccountLeases, type LeaseOptions } from './account-leases.js';
import { Claims, isEqual, isGoingOn } from './claims.js';
import type { LedgerDocuments } from './documents.js';
import { documentId, publicationKey } from './ids.js';
import type { AccountLease, Actor, Claim, ClaimedClip, Ledger, LedgerEvent } from './ledger.js';
import { asPublication, readStored, type StoredPublication } from './stored.js';
import { Usage } from './usage.js';

/** What a person may give another time. */
const notBegun: ReadonlySet<PublicationState> = new Set(['planned', 'claimed', 'failed', 'cancelled']);

/** Renewed four times as often. Long enough for a busy machine and a store that is away for a minute. */
const defaultLeaseMs = 120_000;

export type LedgerOptions = Omit<LeaseOptions, 'leaseMs'> & { leaseMs?: number };

/** The ledger on top of documents that are changed by compare-and-swap, wherever these lie. */
export class DocumentLedger implements Ledger {
  readonly place: string;
  readonly #documents: LedgerDocuments;
  readonly #options: LedgerOptions;
  readonly #claims: Claims;
  readonly #usage: Usage;
  readonly #leases: AccountLeases;

  constructor(documents: LedgerDocuments, options: LedgerOptions) {
    this.place = documents.place;
    this.#documents = documents;
    this.#options = options;
    this.#claims = new Claims(documents);
    this.#usage = new Usage(documents);
    this.#leases = new AccountLeases(documents, { ...options, leaseMs: options.leaseMs ?? defaultLeaseMs });
  }

  lease(platform: string, account: string): Promise<AccountLease | { heldBy: Actor; sinceMs: number }> {
    return this.#leases.take(platform, account);
  }

  claim(identity: PublicationIdentity, clip: ClaimedClip): Promise<Claim> {
    const { sourceSha256, lineage, platform, account } = identity;
    const state = clip.dueMs === null ? 'claimed' : 'planned';
    const key = publicationKey(identity);
    const publication = { key, sourceSha256, lineage, platform, account, ...ofClip(clip), revision: 1, state, handle: null, url: null, problem: null, notBeforeMs: null } as const;
    const createdMs = this.#options.clock.nowMs();
    return this.#claims.claim({ format: 1, publication, createdMs, events: [this.#event(state, 1)] });
  }

  revise(publication: Publication, clip: ClaimedClip): Promise<Publication> {
    return this.#move(publication, (stored) => {
      const revision = stored.publication.revision + 1;
      const state = clip.dueMs === null ? 'claimed' : 'planned';
      const next = { ...stored.publication, ...ofClip(clip), revision, state, handle: null, url: null, problem: null, notBeforeMs: null } as const;
      return { ...stored, publication: next, events: [...stored.events, this.#event('revised', revision)] };
    });
  }

  record(publication: Publication, step: PublicationStep, note?: string): Promise<Publication> {
    return this.#move(publication, (stored) => {
      const before = stored.publication;
      const next = {
        ...before,
        state: step.state,
        handle: step.handle === undefined ? before.handle : step.handle,
        url: step.url ?? before.url,
        problem: step.problem ?? null,
        notBeforeMs: step.notBeforeMs ?? null,
      };
      const said = note ?? step.notice?.message ?? step.problem?.message;
      // Not every chunk of an upload is an event.
      const isNew = next.state !== before.state || next.url !== before.url || note !== undefined || step.notice !== undefined || step.problem?.message !== before.problem?.message;
      return { ...stored, publication: next, events: isNew ? [...stored.events, this.#event(step.state, next.revision, said, step.url)] : stored.events };
    });
  }

  plan(publication: Publication, dueMs: number | null): Promise<Publication> {
    return this.#move(publication, (stored) => {
      const before = stored.publication;
      if (!notBegun.has(before.state)) {
        throw new SnvgError('LEDGER_CONFLICT', `“${before.title}” has begun already: it is ${before.state}`, 'Look at it with: snvg publish --status');
      }
      const state = dueMs === null ? 'claimed' : 'planned';
      return { ...stored, publication: { ...before, state, dueMs, problem: null, notBeforeMs: null }, events: [...stored.events, this.#event(state, before.revision, dueMs === null ? 'at once' : `for ${new Date(dueMs).toISOString()}`)] };
    });
  }

  async get(key: string): Promise<Publication | undefined> {
    const found = await this.#claims.find(key);
    return found && asPublication(found.stored, found.version);
  }

  async list(filter: { platform?: string; account?: string; jobId?: string } = {}): Promise<Publication[]> {
    return (await this.#all(filter)).map(({ stored, version }) => asPublication(stored, version));
  }

  async history(filter: { platform?: string; account?: string; sinceMs?: number } = {}): Promise<{ publication: Publication; event: LedgerEvent }[]> {
    const { sinceMs = -Infinity, ...which } = filter;
    const entries = (await this.#all(which)).flatMap(({ stored, version }) => stored.events.filter(({ atMs }) => atMs >= sinceMs).map((event) => ({ publication: asPublication(stored, version), event })));
    return entries.toSorted((a, b) => a.event.atMs - b.event.atMs);
  }

  spent(platform: string, account: string, day: string): Promise<Record<string, number>> {
    return this.#usage.spent(platform, account, day);
  }

  spend(platform: string, account: string, day: string, amounts: Record<string, number>): Promise<void> {
    return this.#usage.spend(platform, account, day, amounts);
  }

  async close(): Promise<void> {
    await this.#leases.close();
    await this.#documents.close();
  }

  /** Writes what `change` makes of a publication, over the version that the caller has. */
  async #move(publication: Publication, change: (stored: StoredPublication) => StoredPublication): Promise<Publication> {
    const found = await this.#claims.find(publication.key);
    if (found?.version !== publication.version) throw conflict(publication, found?.stored);
    const next = change(found.stored);
    const isRevived = !isGoingOn(found.stored.publication) && isGoingOn(next.publication);
    if (isRevived || !isEqual(found.stored.publication.ranges, next.publication.ranges)) await this.#claims.reserve(found, next.publication.ranges);
    if (await this.#documents.write(documentId.publication(publication.key), found.version, next)) return asPublication(next, found.version + 1);
    throw conflict(publication, (await this.#claims.find(publication.key))?.stored);
  }

  async #all(filter: { platform?: string; account?: string; jobId?: string }): Promise<{ stored: StoredPublication; version: number }[]> {
    const found: { stored: StoredPublication; version: number }[] = [];
    for await (const document of this.#documents.list(documentId.publications)) {
      const stored = readStored('publication', document, this.place);
      const { platform, account, jobId } = stored.publication;
      if ((filter.platform ?? platform) === platform && (filter.account ?? account) === account && (filter.jobId ?? jobId) === jobId) found.push({ stored, version: document.version });
    }
    return found.toSorted((a, b) => a.stored.createdMs - b.stored.createdMs || (a.stored.publication.key < b.stored.publication.key ? -1 : 1));
  }

  #event(what: string, revision: number, note?: string, url?: string): LedgerEvent {
    const { host, pid } = this.#options.self;
    return { atMs: this.#options.clock.nowMs(), by: { host, pid }, what, revision, ...(url === undefined ? {} : { url }), ...(note === undefined ? {} : { note }) };
  }
}

function ofClip({ jobId, clipSha256, title, ranges, accountName, dueMs, saga }: ClaimedClip): ClaimedClip {
  return { jobId, clipSha256, title, ranges: ranges.map(({ startUs, endUs }) => ({ startUs, endUs })), accountName, dueMs, saga };
}

function conflict({ title, platform, accountName }: Publication, now: StoredPublication | undefined): SnvgError {
  const by = now?.events.at(-1)?.by;
  const who = by ? `process ${by.pid} on ${by.host}` : 'another process';
  return new SnvgError('LEDGER_CONFLICT', `“${title}” for ${platform} ${accountName} was moved meanwhile by ${who}${now ? `: it is ${now.publication.state}` : ''}`, 'Run again: it is gone on with from where it stands.');
}
