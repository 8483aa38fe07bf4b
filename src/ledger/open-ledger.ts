import { SnvgError } from '../errors.js';
import { DocumentLedger, type LedgerOptions } from './document-ledger.js';
import type { LedgerDocuments } from './documents.js';
import type { Ledger } from './ledger.js';

/**
 * Opens the ledger at an address `s3://bucket/prefix`, or on documents that are open already.
 *
 * @param s3Endpoint null: AWS, or what the variables of the AWS tools say
 * @throws {SnvgError} LEDGER_INVALID for an address that names no bucket; LEDGER_REFUSED, LEDGER_UNAVAILABLE
 */
export async function openLedger(at: LedgerDocuments | string, options: LedgerOptions & { s3Endpoint?: string | null }): Promise<Ledger> {
  const { s3Endpoint = null, ...ledgerOptions } = options;
  return new DocumentLedger(typeof at === 'string' ? await openStore(at, s3Endpoint) : at, ledgerOptions);
}

/** Whether `--ledger` names an object store and not a file. */
export function isStoreAddress(given: string): boolean {
  return /^s3:\/\//i.test(given);
}

async function openStore(address: string, endpoint: string | null): Promise<LedgerDocuments> {
  const [, bucket, rest = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]+)(\/.*)?$/i.exec(address) ?? [];
  if (bucket === undefined) throw new SnvgError('LEDGER_INVALID', `${address} names no bucket for the ledger`, 'Write it as s3://bucket/prefix.');
  // Loaded here alone: the store's client is large.
  const { openS3Documents } = await import('./s3-documents.js');
  return openS3Documents({ bucket, prefix: rest.replace(/^\/+|\/+$/g, ''), endpoint });
}
