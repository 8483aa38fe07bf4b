import { ExitCode, SnvgError, errorCodes, reportError, type ErrorCode } from '../../errors.js';
import type { Ended, Order, Outcome } from '../../pipeline/publish/order.js';
import type { AccountResult } from '../../pipeline/publish/run-account.js';
import type { Problem, Publication, PublicationState } from '../../publishers/publisher.js';

/**
 * How a clip ended on a target: as the engine says, or before it came that far.
 * `refused`: the platform would not take it. `waiting`, `rejected`, `held-back`: it lacks a yes. `busy`: another process works on the account.
 * `signed-out`: nobody is logged in.
 */
export type RowOutcome = Outcome | 'refused' | 'waiting' | 'rejected' | 'held-back' | 'busy' | 'signed-out';

/** One clip on one target, as it is shown. */
export interface PublishRow {
  /** Null: the ledger knows nothing of it. */
  key: string | null;
  clip: string;
  title: string;
  lineage: string;
  platform: string;
  account: string;
  accountName: string;
  outcome: RowOutcome;
  state: PublicationState | null;
  url: string | null;
  revision: number | null;
  dueMs: number | null;
  notBeforeMs: number | null;
  problem: Problem | null;
}

function rowOf({ order, publication, outcome, problem }: Ended): PublishRow {
  // Of an overlap, the publication is the other moment's.
  return { ...rowOfPublication(publication), clip: order.clip.stem, title: order.clip.title, lineage: order.identity.lineage, outcome, problem };
}

/** What became of an account's orders, those included that were never looked at. `compensated`: by key, what was taken back afterwards. */
export function rowsOfAccount(target: { publisher: { id: string; name: string }; account: { id: string; name: string } }, orders: readonly Order[], result: AccountResult, compensated: ReadonlyMap<string, Ended> = new Map()): PublishRow[] {
  const at = { platform: target.publisher.id, account: target.account };
  if ('heldBy' in result) return orders.map((order) => bareRow(named(order), at, 'busy', null));
  const ended = new Map(result.ended.map((one) => [one.order, one]));
  return orders.map((order) => {
    const one = ended.get(order);
    return one ? rowOf(compensated.get(one.publication.key) ?? one) : bareRow(named(order), at, 'left', reportError(result.stopped));
  });
}

function named({ clip, identity }: Order): { stem: string; title: string; lineage: string } {
  return { stem: clip.stem, title: clip.title, lineage: identity.lineage };
}

/** A clip that the ledger knows nothing of. */
export function bareRow(clip: { stem: string; title: string; lineage: string }, at: { platform: string; account: { id: string; name: string } }, outcome: RowOutcome, problem: Problem | null): PublishRow {
  const { stem, title, lineage } = clip;
  return { key: null, clip: stem, title, lineage, platform: at.platform, account: at.account.id, accountName: at.account.name, outcome, state: null, url: null, revision: null, dueMs: null, notBeforeMs: null, problem };
}

/** A publication as the ledger has it. */
export function rowOfPublication(publication: Publication): PublishRow & { outcome: RowOutcome } {
  const { key, title, lineage, platform, account, accountName, state, url, revision, dueMs, notBeforeMs, problem } = publication;
  const resting = state === 'published' || state === 'scheduled' || state === 'draft' || state === 'failed' || state === 'cancelled' || state === 'unknown' || state === 'planned';
  return { key, clip: '', title, lineage, platform, account, accountName, outcome: resting ? state : 'left', state, url, revision, dueMs, notBeforeMs, problem };
}

/** Outcomes that are nobody's trouble. */
const fine: ReadonlySet<RowOutcome> = new Set(['published', 'scheduled', 'draft', 'already', 'changed', 'planned', 'cancelled', 'kept', 'waiting', 'rejected', 'held-back', 'busy']);

/** Outcomes of clips that are where they were to go. */
const there: ReadonlySet<RowOutcome> = new Set(['published', 'scheduled', 'draft', 'already', 'changed']);

export function isFine({ outcome }: Pick<PublishRow, 'outcome'>): boolean {
  return fine.has(outcome);
}

/** The exit code of a run of publishing: 0; when everything that was to be sent has the same trouble, its code; else 7. */
export function exitCodeOfRows(rows: readonly PublishRow[]): number {
  const troubled = rows.filter((row) => !isFine(row));
  if (troubled.length === 0) return ExitCode.ok;
  const codes = new Set(troubled.map(({ problem }) => codeOf(problem)));
  const [code] = codes;
  const nothingElse = rows.every(({ outcome }) => !there.has(outcome));
  return codes.size === 1 && nothingElse && code !== undefined ? code : ExitCode.partlyDone;
}

/** The error that stands for a run that did not go well; undefined when it did. */
export function errorOfRows(rows: readonly PublishRow[]): SnvgError | undefined {
  const troubled = rows.filter((row) => !isFine(row));
  const [first] = troubled;
  if (!first) return undefined;
  const problem = first.problem ?? { code: 'REMOTE_UNAVAILABLE', message: `${first.title} is not on ${first.platform} yet`, remedy: 'Run again: it goes on where it was.' };
  const alike = exitCodeOfRows(rows) !== ExitCode.partlyDone;
  const rest = troubled.length === 1 ? '' : ` (and ${troubled.length - 1} more)`;
  const message = alike ? `${problem.message}${rest}` : `${troubled.length} of ${rows.length} posts did not end well; the first: ${problem.message}`;
  return new SnvgError(alike && isKnown(problem.code) ? problem.code : 'PARTLY_DONE', message, problem.remedy);
}

function codeOf(problem: Problem | null): number {
  if (!problem) return ExitCode.remoteRetryable;
  return isKnown(problem.code) ? new SnvgError(problem.code, '', '').exitCode : ExitCode.bug;
}

function isKnown(code: string): code is ErrorCode {
  return (errorCodes as readonly string[]).includes(code);
}
