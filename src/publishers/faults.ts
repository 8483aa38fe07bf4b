import { redacted } from '../secrets.js';

/**
 * `retry`: try the same step again, not before `retryAtMs`.
 * `auth`: the login is not valid for this; a person must act. `quota`: nothing more until `retryAtMs`.
 * `refused`: this clip or text will never be taken as it is.
 */
export type FaultKind = 'retry' | 'auth' | 'quota' | 'refused';

/** A platform's definite answer: the step it was given for has had no effect. */
export class PlatformFault extends Error {
  override readonly name = 'PlatformFault';
  readonly kind: FaultKind;
  /** The platform's own word for it, such as `quotaExceeded`. */
  readonly code: string;
  readonly remedy: string;
  /** Milliseconds since the Unix epoch; undefined: the caller's own backoff. */
  readonly retryAtMs: number | undefined;
  /** Of kind `auth`: whether a younger token of the same login may be taken; false: the login itself lacks what it takes. */
  readonly renewable: boolean;

  constructor(kind: FaultKind, fault: { code: string; message: string; remedy: string; retryAtMs?: number; renewable?: boolean; cause?: unknown }) {
    super(redacted(fault.message), { cause: fault.cause });
    this.kind = kind;
    this.code = fault.code;
    this.remedy = redacted(fault.remedy);
    this.retryAtMs = fault.retryAtMs;
    this.renewable = fault.renewable ?? true;
  }
}

/** Nobody knows whether the request took effect: its reply was lost, cut short, unreadable or a server's failure. */
export class LostReply extends Error {
  override readonly name = 'LostReply';
  /** True when the request certainly never arrived (nobody listened, the name is not known): then it had no effect. */
  readonly unreached: boolean;

  constructor(message: string, options: { unreached?: boolean; cause?: unknown } = {}) {
    super(redacted(message), { cause: options.cause });
    this.unreached = options.unreached ?? false;
  }
}
