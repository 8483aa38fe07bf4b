import type { ZodType } from 'zod';
import type { AccountPolicy, Credentials } from './credentials.js';
import type { HttpTransport } from './http.js';

/**
 * planned → claimed → prepared → uploading → committing → processing → published | scheduled | draft.
 * `planned`: waits for its time in snvg's own schedule.
 * `committing`: the request that makes it public is about to be sent, or was sent and its reply was lost; whoever finds
 * this state without having just written it asks the platform (`lookup`) before anything else.
 * `scheduled`: the platform holds it and publishes it by itself. `failed` and `cancelled`: nothing is public.
 * `unknown`: nobody but a person can tell whether it is public.
 */
export const publicationStates = ['planned', 'claimed', 'prepared', 'uploading', 'committing', 'processing', 'published', 'scheduled', 'draft', 'failed', 'cancelled', 'unknown'] as const;
export type PublicationState = (typeof publicationStates)[number];

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
/** A platform's own memory of a publication: upload addresses, container ids, bytes sent. Never a secret that outlives the post. */
export type Handle = Record<string, Json>;

/** What identifies a publication for ever. Never the bytes: a corrected caption is a revision of the same moment. */
export interface PublicationIdentity {
  sourceSha256: string;
  lineage: string;
  platform: string;
  /** The platform's own id of the account, so that every machine means the same one whatever it calls it. */
  account: string;
}

/** One clip on its way to one account, as the ledger knows it. Times are milliseconds since the Unix epoch. */
export interface Publication extends PublicationIdentity {
  /** sha256 of the identity: the idempotency key. */
  key: string;
  /** How often the ledger has written it: what a change is compared with, so that of two writers one is told. */
  version: number;
  /** What people call the account. */
  accountName: string;
  jobId: string;
  clipSha256: string;
  /** The moment on the source, in microseconds. */
  ranges: { startUs: number; endUs: number }[];
  /** 1 for the first time; raised only when a person asks for the changed clip to be posted as well. */
  revision: number;
  /** The revision's text as it was sent or is to be sent. */
  title: string;
  state: PublicationState;
  handle: Handle | null;
  url: string | null;
  /** Why it is where it is, and what to do: of the last step that did not succeed. */
  problem: Problem | null;
  /** Not to be moved before this time. */
  notBeforeMs: number | null;
  /** When a person wants it public; null: at once. */
  dueMs: number | null;
  /** Publications that were asked for together. */
  saga: string | null;
}

/** A failure as the ledger keeps it. `question`: what a person must answer when the state is `unknown`. */
export interface Problem {
  code: string;
  message: string;
  remedy: string;
  question?: string;
}

/** A finished clip with what a platform asks for. Paths are absolute. */
export interface PublishableClip {
  stem: string;
  /** vertical, square or wide. */
  format: string;
  videoPath: string;
  sha256: string;
  sizeBytes: number;
  durationUs: number;
  width: number;
  height: number;
  fps: number;
  captions: { srt: string; vtt: string } | null;
  /** BCP 47 language of the words, when it is known. */
  language: string | null;
  coverPath: string;
  title: string;
  description: string;
  hashtags: readonly string[];
}

/** What a platform accepts, and when that was last checked: limits change and pages disagree. */
export interface DatedLimits {
  /** ISO date. */
  checkedOn: string;
  minDurationUs?: number;
  maxDurationUs?: number;
  maxSizeBytes?: number;
  minFps?: number;
  maxFps?: number;
  /** Formats it shows well, best first. */
  formats: readonly string[];
}

/** Something about a clip that a platform refuses or will change. */
export interface Finding {
  /** Stable, such as `youtube.title.length`. */
  rule: string;
  severity: 'refused' | 'adjusted';
  message: string;
  remedy: string;
}

/** Something a platform gives out a limited number of. */
export interface Quota {
  id: string;
  perDay: number;
  /** IANA zone whose midnight begins the platform's day. */
  timeZone: string;
  /** What one post costs when nothing goes wrong: a post is not begun with less left. */
  perPost: number;
}

export interface PublishContext {
  signal: AbortSignal;
  clip: PublishableClip;
  /** The platform's own settings, validated by `options`. */
  options: unknown;
  http: HttpTransport;
  /** @throws {PlatformFault} kind `auth` when nobody is logged in or the login has ended */
  credentials(): Promise<Credentials>;
  nowMs(): number;
  /** 0…1 of the whole upload. */
  progress(fraction: number): void;
}

/** The outcome of one step, to be persisted before the next. */
export interface PublicationStep {
  state: PublicationState;
  /** Replaces the memory; null forgets it (begin again); absent keeps it. */
  handle?: Handle | null;
  url?: string;
  /** Not to be called again before: when a platform says how long it still works. */
  notBeforeMs?: number;
  /** Quota used by this step, by quota id. */
  spent?: Record<string, number>;
  /** For people: what is unlike what was asked for ("the platform made it private"). */
  notice?: { message: string; remedy: string };
  problem?: Problem;
}

/**
 * What a platform says about a publication whose reply was lost.
 * `absent`: it is certainly not there and sending again is safe; the step says from where.
 * `undecided`: the platform cannot tell; the question goes to a person.
 * `later`: too early to tell (a timeline lags behind). The publication stays in its state, with this handle, and `lookup` is asked
 * again no sooner than `notBeforeMs`; a publisher gives this a number of times it keeps in the handle, never for ever.
 */
export type Lookup = { found: PublicationStep } | { absent: PublicationStep } | { undecided: { question: string; reason: string } } | { later: { notBeforeMs: number; handle: Handle; reason: string } };

/**
 * One platform. A folder under src/publishers, found in registry.ts, held to test/publishers' contract suite.
 *
 * Errors that `advance`, `lookup` and `cancel` throw: PlatformFault is the platform's definite answer, after which nothing of this
 * step has happened; LostReply means that it may have. After `refused` a publication counts as failed, so that a question about what may
 * be public was refused must not be thrown as such. Everything else is a bug or the user's (SnvgError).
 */
export interface Publisher {
  readonly id: string;
  /** For people: YouTube, X, TikTok. */
  readonly name: string;
  readonly limits: DatedLimits;
  readonly quotas: readonly Quota[];
  /** Its settings, as `platforms.<id>` of the configuration and `--set <id>.<key>=<value>` give them. */
  readonly options: ZodType;
  /** How one logs in; null: no account is needed. */
  readonly auth: AccountPolicy | null;
  /** `local`: nobody else sees it, so no review is asked for, and it keeps its own marks, so no ledger has to outlive the run. */
  readonly reach: 'local' | 'public';
  /** With these settings the platform itself keeps a publication until its `dueMs`: it is begun as soon as it is planned, and ends `scheduled`. Absent: never. */
  holdsUntilDue?(options: unknown): boolean;
  /** For platforms without a login: what follows the colon of `--to <id>:<account>`, as the account it stands for. @throws {SnvgError} USAGE with what is expected */
  account?(text: string): string;
  /** Whether the clip and its text will be taken, before anything is sent. Pure. */
  check(clip: PublishableClip, options: unknown): Finding[];
  /** Moves the publication by one persisted step; may be called again at any point and then does no step twice. */
  advance(publication: Publication, context: PublishContext): Promise<PublicationStep>;
  /** Asks the platform what became of a publication found in `committing` or `unknown`. Never sends anything that could post. */
  lookup(publication: Publication, context: PublishContext): Promise<Lookup>;
  /** Takes back what is not public yet: pending, draft or scheduled. Never deletes what people can see. @throws {PlatformFault} when it is public already */
  cancel(publication: Publication, context: PublishContext): Promise<PublicationStep>;
}
