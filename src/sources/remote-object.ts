import type { Readable } from 'node:stream';

/** What tells one version of a remote object from another. */
export interface Validator {
  /** Strong entity tag. */
  etag: string | null;
  lastModified: string | null;
}

/** What the other side sends. */
export interface RemoteBody {
  /** Offset of its first byte in the object: the one asked for, or 0 when the whole is sent after all. */
  startByte: number;
  /** Of the whole object, where it is told. */
  totalBytes: number | undefined;
  validator: Validator;
  /** A name the other side gives it. */
  fileName: string | undefined;
  /** Without parameters, lower case. */
  contentType: string | undefined;
  bytes: Readable;
}

/** An object elsewhere that can be read from any offset. */
export interface RemoteObject {
  /** As it may be shown. */
  name: string;
  /**
   * Opens the object from an offset. With a validator at an offset above 0 only the same version is continued: a changed one is sent from 0.
   *
   * @returns `unchanged` when offset is 0 and the validator still holds
   * @throws {Retryable} for what may be better in a moment; {SnvgError} for what will not
   */
  open(startByte: number, validator: Validator | undefined, signal: AbortSignal): Promise<RemoteBody | 'unchanged'>;
}

/** The answer is something else than a film: a page, a picture. */
export class NotMedia extends Error {
  override readonly name: string = 'NotMedia';
}

/** A failure that passes: a broken connection, a server that asks to wait. */
export class Retryable extends Error {
  override readonly name = 'Retryable';
  /** The least time to wait, where the other side says one. */
  readonly afterMs: number;
  /** Nobody answered at all: a name that is not known, a closed port. */
  readonly unreached: boolean;
  constructor(message: string, options: { afterMs?: number; unreached?: boolean; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.afterMs = options.afterMs ?? 0;
    this.unreached = options.unreached ?? false;
  }
}
