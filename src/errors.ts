import { redacted } from './secrets.js';

/**
 * Process exit codes (docs/errors.md). `bug` is the only one that prints a stack.
 */
export const ExitCode = {
  ok: 0,
  bug: 1,
  usage: 2,
  badInput: 3,
  missingDependency: 4,
  remoteRetryable: 5,
  remoteRefused: 6,
  partlyDone: 7,
  noClip: 8,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCodeValue = (typeof ExitCode)[keyof typeof ExitCode];

/**
 * Every error a user can meet: stable code → exit code. Adding one here is adding a promise;
 * docs/errors.md lists them and a test keeps the two equal.
 */
const exitCodeOf = {
  // usage or configuration
  USAGE: 2,
  CONFIG_INVALID: 2,
  OUTPUT_NOT_OURS: 2,
  OUTPUT_UNWRITABLE: 2,
  JOB_NOT_FOUND: 2,
  HOST_NOT_FOUND: 2,
  JOB_BUSY: 2,
  TARGET_UNKNOWN: 2,
  LIST_INVALID: 2,
  LEDGER_INVALID: 2,
  STORE_INVALID: 2,
  APP_MISSING: 2,
  AUTH_READ_ONLY: 2,
  VAULT_LOCKED: 2,
  LEDGER_EPHEMERAL: 2,
  PUBLICATION_NOT_FOUND: 2,
  PUBLICATION_STATE: 2,
  REVIEW_NEEDED: 2,
  // bad input
  MEDIA_MISSING: 3,
  MEDIA_UNREADABLE: 3,
  MEDIA_NOT_A_FILE: 3,
  MEDIA_EMPTY: 3,
  MEDIA_UNSUPPORTED: 3,
  MEDIA_TRUNCATED: 3,
  MEDIA_NO_AUDIO: 3,
  MEDIA_NO_VIDEO: 3,
  MEDIA_TOO_SHORT: 3,
  MEDIA_TOO_LARGE: 3,
  CAPTIONS_INVALID: 3,
  COVER_INVALID: 3,
  SOURCE_NOT_FOUND: 3,
  SOURCE_NOT_MEDIA: 3,
  SOURCE_TOO_LARGE: 3,
  // missing dependency or capability
  FFMPEG_MISSING: 4,
  FFMPEG_TOO_OLD: 4,
  FFMPEG_INCAPABLE: 4,
  MODEL_MISSING: 4,
  MODEL_CORRUPT: 4,
  INFERENCE_MISSING: 4,
  YTDLP_MISSING: 4,
  YTDLP_TOO_OLD: 4,
  SSH_MISSING: 4,
  HOST_LACKING: 4,
  DISK_FULL: 4,
  FILE_LIMIT: 4,
  DATABASE_CORRUPT: 4,
  DATABASE_BUSY: 4,
  ARTIFACT_DAMAGED: 4,
  ARTIFACT_MISSING: 4,
  VAULT_UNREADABLE: 4,
  QUEUE_UNSAFE: 4,
  // remote
  REMOTE_UNAVAILABLE: 5,
  HOST_FAILED: 5,
  LEDGER_UNAVAILABLE: 5,
  STORE_UNAVAILABLE: 5,
  LEDGER_CONFLICT: 5,
  ACCOUNT_BUSY: 5,
  QUEUE_UNAVAILABLE: 5,
  QUEUE_FULL: 5,
  REMOTE_REFUSED: 6,
  LEDGER_REFUSED: 6,
  STORE_REFUSED: 6,
  LEDGER_OVERLAP: 6,
  AUTH_NEEDED: 6,
  AUTH_DENIED: 6,
  AUTH_SCOPE: 6,
  AUTH_WRONG_ACCOUNT: 6,
  QUOTA_EXHAUSTED: 6,
  PUBLICATION_UNKNOWN: 6,
  SOURCE_PRIVATE_ADDRESS: 6,
  // outcome
  PARTLY_DONE: 7,
  SLOT_MISSED: 7,
  NO_CLIP: 8,
  DEGRADED: 8,
  RENDER_UNVERIFIED: 8,
  INTERRUPTED: 130,
  TERMINATED: 143,
  // a tool we started failed in a way that is not the input's fault
  TOOL_FAILED: 1,
  TOOL_STALLED: 1,
  TASK_QUARANTINED: 1,
} as const satisfies Record<string, ExitCodeValue>;

export type ErrorCode = keyof typeof exitCodeOf;
export const errorCodes = Object.keys(exitCodeOf) as ErrorCode[];

/** An expected failure: what happened and what to do, in one line each. */
export class SnvgError extends Error {
  override readonly name = 'SnvgError';
  readonly code: ErrorCode;
  /** One sentence: what the user can do now. */
  readonly remedy: string;

  constructor(code: ErrorCode, message: string, remedy: string, options?: { cause?: unknown }) {
    // What a platform or a tool said may repeat what it was sent.
    super(redacted(message), options);
    this.code = code;
    this.remedy = redacted(remedy);
  }

  get exitCode(): ExitCodeValue {
    return exitCodeOf[this.code];
  }
}

/** The two lines (or JSON fields) an error becomes, wherever it is shown. */
export interface ErrorReport {
  code: string;
  message: string;
  remedy: string;
  exitCode: number;
}

/**
 * What the machine refused, wherever it happened: a full disk, a read-only one, too many open files. Undefined for everything
 * else. `what` says what was being done ("while writing clip.mp4"); by default the path that the system named.
 */
export function explainSystemError(error: unknown, what?: string): SnvgError | undefined {
  const { code, path } = (error ?? {}) as { code?: unknown; path?: unknown };
  if (typeof code !== 'string' || error instanceof SnvgError) return undefined;
  const where = what ?? (code.startsWith('SQLITE_') ? 'for the job database' : typeof path === 'string' ? `while writing ${path}` : 'while writing');
  const cause = { cause: error };
  if (code === 'ENOSPC' || code === 'SQLITE_FULL') {
    return new SnvgError('DISK_FULL', `No space left ${where}`, 'Free some space, or choose another disk with --output (and SNVG_HOME for the cache), then run again: finished work is kept.', cause);
  }
  if (code === 'EDQUOT') return new SnvgError('DISK_FULL', `Your quota is used up ${where}`, 'Free some of your space, or choose another disk with --output (and SNVG_HOME for the cache), then run again: finished work is kept.', cause);
  if (code === 'EROFS') return new SnvgError('OUTPUT_UNWRITABLE', `The disk is read-only ${where}`, 'Choose a folder you may write to with --output (SNVG_HOME for the cache).', cause);
  if (code === 'EMFILE' || code === 'ENFILE') return new SnvgError('FILE_LIMIT', `Too many open files ${where.replace('while writing', 'at')}`, 'Allow more (ulimit -n 4096), or do less at once with --concurrency 1, then run again: finished work is kept.', cause);
  if (code === 'ENAMETOOLONG') return new SnvgError('USAGE', `A path is too long ${where}`, 'Choose a folder with a shorter path with --output.', cause);
  if (code.startsWith('SQLITE_BUSY')) return new SnvgError('DATABASE_BUSY', 'The job database stayed locked by another program', 'Wait for that to end (snvg jobs list), then run again: finished work is kept.', cause);
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return new SnvgError('DATABASE_CORRUPT', 'The job database is damaged', 'Run snvg jobs list, which says what can be done.', cause);
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_IOERR') || code.startsWith('SQLITE_CANTOPEN')) {
    return new SnvgError('OUTPUT_UNWRITABLE', `The job database cannot be read or written (${code})`, 'Check the disk it lies on and its free space (snvg config path), or set SNVG_HOME to a folder on another disk.', cause);
  }
  return undefined;
}

/** Plain data for any thrown value; unknown values are bugs (exit 1) and keep their message only. */
export function reportError(error: unknown): ErrorReport {
  if (error instanceof SnvgError) {
    return { code: error.code, message: error.message, remedy: error.remedy, exitCode: error.exitCode };
  }
  const explained = explainSystemError(error);
  if (explained) return reportError(explained);
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'BUG',
    message: redacted(message),
    remedy: 'This is a fault in snvg: run again with --log-level debug and report the output.',
    exitCode: ExitCode.bug,
  };
}
