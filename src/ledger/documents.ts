/** A small JSON document and how often it was written: 1 for the first time. */
export interface LedgerDocument {
  id: string;
  version: number;
  body: unknown;
}

/**
 * Where the ledger lies: JSON documents that are changed by compare-and-swap, in SQLite or in an object store. One contract suite holds
 * them all. Ids are paths of lower-case hex, letters, digits, `-`, `_` and `/`.
 */
export interface LedgerDocuments {
  /** For messages: a file, an address. */
  readonly place: string;
  /** Undefined: it was never written. @throws {SnvgError} LEDGER_UNAVAILABLE */
  read(id: string): Promise<LedgerDocument | undefined>;
  /** Writes the version after `version` (0: none yet). False when somebody else has written it already. @throws {SnvgError} LEDGER_UNAVAILABLE */
  write(id: string, version: number, body: unknown): Promise<boolean>;
  /** The newest version of every document whose id begins with `prefix`. @throws {SnvgError} LEDGER_UNAVAILABLE */
  list(prefix: string): AsyncIterable<LedgerDocument>;
  close(): Promise<void>;
}
