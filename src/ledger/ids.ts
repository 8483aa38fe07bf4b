import { createHash } from 'node:crypto';
import type { PublicationIdentity } from '../publishers/publisher.js';

function sha256(...parts: string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex');
}

/** The idempotency key: sha256 of source, moment, platform and account. Folders laid out by the file publisher carry it. */
export function publicationKey({ sourceSha256, lineage, platform, account }: PublicationIdentity): string {
  return createHash('sha256').update([sourceSha256, lineage, platform, account].join('\0')).digest('hex');
}

/** Ids of the ledger's documents. Accounts stand in them as hashes: they may be paths and addresses. */
export const documentId = {
  publications: 'publications/',
  publication: (key: string): string => `publications/${key}`,
  /** What was claimed of one source on one account. Migration 0003 writes this formula in SQL. */
  moments: ({ sourceSha256, platform, account }: PublicationIdentity): string => `moments/${sha256(sourceSha256, platform, account)}`,
  lease: (platform: string, account: string): string => `leases/${sha256(platform, account)}`,
  usage: (platform: string, account: string, day: string): string => `usage/${sha256(platform, account)}/${day}`,
};
