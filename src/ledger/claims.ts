import { SnvgError } from '../errors.js';
import type { Publication, PublicationIdentity } from '../publishers/publisher.js';
import type { LedgerDocuments } from './documents.js';
import { documentId } from './ids.js';
import type { Claim } from './ledger.js';
import { isSameToPeople, type Span } from './overlap.js';
import { untilWritten } from './retry-write.js';
import { asPublication, type ClaimedMoments, readStored, type StoredPublication } from './stored.js';

interface Found {
  stored: StoredPublication;
  version: number;
}

/** Whether it keeps overlapping moments away: it is, or may be, or is about to be public, in this revision or an earlier one. */
function occupies({ publication, events }: StoredPublication): boolean {
  return isGoingOn(publication) || events.some(({ what, revision }) => what === 'published' && revision < publication.revision);
}

export function isGoingOn({ state }: Pick<Publication, 'state'>): boolean {
  return state !== 'failed' && state !== 'cancelled';
}

/**
 * Which moments of a source are taken on an account. Two writes make a claim: into the list of the source's moments, where races are
 * decided, then the publication's own document. Whoever finds the first without the second makes the second.
 */
export class Claims {
  readonly #documents: LedgerDocuments;

  constructor(documents: LedgerDocuments) {
    this.#documents = documents;
  }

  async find(key: string): Promise<Found | undefined> {
    const document = await this.#documents.read(documentId.publication(key));
    return document && { stored: readStored('publication', document, this.#documents.place), version: document.version };
  }

  async claim(first: StoredPublication): Promise<Claim> {
    const { key, ranges } = first.publication;
    return untilWritten(`The claim on “${first.publication.title}”`, async (): Promise<Claim | undefined> => {
      const found = await this.find(key);
      if (found && occupies(found.stored)) return { kind: 'existing', publication: asPublication(found.stored, found.version) };
      const { moments, version } = await this.#moments(first.publication);
      const mine = moments.claims.find((claim) => claim.key === key);
      if (mine && !found) return { kind: 'existing', publication: await this.#begin(mine.first) };
      const rival = await this.#rival(moments, key, ranges);
      if (rival) return { kind: 'overlapping', with: rival };
      // Whether a failed one may go on is decided again, and then for good, when it does.
      if (found) return { kind: 'existing', publication: asPublication(found.stored, found.version) };
      const written = await this.#documents.write(documentId.moments(first.publication), version, { ...moments, claims: [...moments.claims, { key, spans: [ranges], first }] });
      return written ? { kind: 'new', publication: await this.#begin(first) } : undefined;
    });
  }

  /**
   * Takes the place for something that was given up and is to go on, or moves to other ranges.
   * @throws {SnvgError} LEDGER_OVERLAP
   */
  async reserve({ stored, version: revivingFrom }: Found, ranges: Publication['ranges']): Promise<void> {
    const { key, title } = stored.publication;
    await untilWritten(`The claim on “${title}”`, async () => {
      const { moments, version } = await this.#moments(stored.publication);
      const rival = await this.#rival(moments, key, ranges);
      if (rival) {
        throw new SnvgError('LEDGER_OVERLAP', `“${title}” shares half of its time or more with “${rival.title}”, which is ${rival.url ?? rival.state} on ${rival.platform} ${rival.accountName}`, `People would see the same moment twice. Cancel that one first (snvg publish --cancel ${rival.key.slice(0, 12)}), or leave this one out.`);
      }
      const before = moments.claims.find((claim) => claim.key === key) ?? { key, spans: [], first: stored };
      const spans = before.spans.some((span) => isEqual(span, ranges)) ? before.spans : [...before.spans, ranges];
      const claims = [...moments.claims.filter((claim) => claim.key !== key), { ...before, spans, revivingFrom }];
      return (await this.#documents.write(documentId.moments(stored.publication), version, { ...moments, claims })) || undefined;
    });
  }

  async #moments(identity: PublicationIdentity): Promise<{ moments: ClaimedMoments; version: number }> {
    const document = await this.#documents.read(documentId.moments(identity));
    return document ? { moments: readStored('moments', document, this.#documents.place), version: document.version } : { moments: { format: 1, claims: [] }, version: 0 };
  }

  /** What takes the place of these ranges, what is public before what is not yet. */
  async #rival(moments: ClaimedMoments, key: string, ranges: Span): Promise<Publication | undefined> {
    const rivals: Publication[] = [];
    for (const claim of moments.claims) {
      if (claim.key === key || !claim.spans.some((span) => isSameToPeople(span, ranges))) continue;
      const found = await this.find(claim.key);
      if (!found) rivals.push(await this.#begin(claim.first));
      else if (occupies(found.stored) || claim.revivingFrom === found.version) rivals.push(withPublicUrl(found));
    }
    return rivals.find(({ url }) => url !== null) ?? rivals[0];
  }

  /** Writes a claim's first document, unless it is there. */
  async #begin(first: StoredPublication): Promise<Publication> {
    const { key } = first.publication;
    if (await this.#documents.write(documentId.publication(key), 0, first)) return asPublication(first, 1);
    const found = await this.find(key);
    if (!found) throw new SnvgError('LEDGER_UNAVAILABLE', `${this.#documents.place} shows ${key.slice(0, 12)} to one request and hides it from the next`, 'Run again later.');
    return asPublication(found.stored, found.version);
  }
}

/** Of a later revision without an address of its own: where the earlier one is. */
function withPublicUrl({ stored, version }: Found): Publication {
  const earlier = stored.events.findLast(({ what, url }) => what === 'published' && url !== undefined)?.url;
  return { ...asPublication(stored, version), url: stored.publication.url ?? earlier ?? null };
}

export function isEqual(a: Span, b: Span): boolean {
  return a.length === b.length && a.every(({ startUs, endUs }, index) => b[index]?.startUs === startUs && b[index].endUs === endUs);
}
