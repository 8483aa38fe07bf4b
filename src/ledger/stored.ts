import { z } from 'zod';
import { SnvgError } from '../errors.js';
import type { Publication, PublicationState } from '../publishers/publisher.js';
import type { LedgerDocument } from './documents.js';

/** Spelled out here, because rooms share types, not values; the compiler compares it with the contract's list. */
const states = ['planned', 'claimed', 'prepared', 'uploading', 'committing', 'processing', 'published', 'scheduled', 'draft', 'failed', 'cancelled', 'unknown'] as const satisfies readonly PublicationState[];

const ranges = z.array(z.object({ startUs: z.number(), endUs: z.number() }));

const publication = z.object({
  key: z.string(),
  sourceSha256: z.string(),
  lineage: z.string(),
  platform: z.string(),
  account: z.string(),
  accountName: z.string(),
  jobId: z.string(),
  clipSha256: z.string(),
  ranges,
  revision: z.number().int(),
  title: z.string(),
  state: z.enum(states),
  handle: z.record(z.string(), z.json()).nullable(),
  url: z.string().nullable(),
  problem: z.object({ code: z.string(), message: z.string(), remedy: z.string(), question: z.string().exactOptional() }).nullable(),
  notBeforeMs: z.number().nullable(),
  dueMs: z.number().nullable(),
  saga: z.string().nullable(),
});

const event = z.object({
  atMs: z.number(),
  by: z.object({ host: z.string(), pid: z.number() }),
  what: z.string(),
  revision: z.number().int(),
  url: z.string().exactOptional(),
  note: z.string().exactOptional(),
});

/** A publication's document: how it stands, and how it came to stand so. */
const storedPublication = z.object({ format: z.literal(1), publication, createdMs: z.number(), events: z.array(event) });
export type StoredPublication = z.infer<typeof storedPublication>;

/**
 * What has been claimed of one source on one account. Claims are decided by writing this document, so that of two overlapping moments
 * claimed at the same time one sees the other.
 *
 * `spans`: the ranges of each revision. `first`: the document to be written under the key; whoever finds it missing writes it for the
 * claimer, who may have died before. `revivingFrom`: the version of a failed or cancelled publication that is about to go on.
 */
const claimedMoments = z.object({ format: z.literal(1), claims: z.array(z.object({ key: z.string(), spans: z.array(ranges), first: storedPublication, revivingFrom: z.number().exactOptional() })) });
export type ClaimedMoments = z.infer<typeof claimedMoments>;

const actor = z.object({ host: z.string(), pid: z.number(), startTime: z.string(), place: z.string().exactOptional() });

/** Who works on an account. `nonce` tells one lease from another of the same process. */
const accountLease = z.object({ format: z.literal(1), holder: actor.nullable(), nonce: z.string(), sinceMs: z.number(), expiresMs: z.number() });
export type StoredLease = z.infer<typeof accountLease>;

const usage = z.object({ format: z.literal(1), platform: z.string(), account: z.string(), day: z.string(), spent: z.record(z.string(), z.number()) });

const schemas = { publication: storedPublication, moments: claimedMoments, lease: accountLease, usage };
type Stored<K extends keyof typeof schemas> = z.infer<(typeof schemas)[K]>;

/** @throws {SnvgError} LEDGER_INVALID */
export function readStored<K extends keyof typeof schemas>(kind: K, document: LedgerDocument, place: string): Stored<K> {
  const read = schemas[kind].safeParse(document.body);
  if (read.success) return read.data as Stored<K>;
  const [issue] = read.error.issues;
  throw new SnvgError('LEDGER_INVALID', `${place} holds a ${kind} that this snvg cannot read: ${document.id} (${issue?.path.join('.')}: ${issue?.message})`, 'Use the version of snvg that wrote it, or a newer one. Nothing is posted while the ledger cannot be read.', { cause: read.error });
}

/** With the version it was read at. */
export function asPublication(stored: StoredPublication, version: number): Publication {
  return { ...stored.publication, version };
}
