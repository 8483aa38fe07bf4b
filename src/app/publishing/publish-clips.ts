import { randomUUID } from 'node:crypto';
import { hashFile } from '../../artifacts/fingerprint.js';
import { SnvgError } from '../../errors.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { Notice } from '../../pipeline/notice.js';
import type { Ended, Order, PublishEvent } from '../../pipeline/publish/order.js';
import { cancelOnAccount, runAccount } from '../../pipeline/publish/run-account.js';
import { Saga } from '../../pipeline/publish/saga.js';
import type { Problem } from '../../publishers/publisher.js';
import { accountRun, type PublishingRoom } from './account-run.js';
import type { JobClip } from './job-clips.js';
import { isRefused, planPosts, type PlannedPost } from './plan-posts.js';
import { bareRow, rowsOfAccount, type PublishRow, type RowOutcome } from './rows.js';
import type { Target, Targets } from './targets.js';

export interface PublishRequest {
  clips: readonly JobClip[];
  targets: Targets;
  /** Post changed versions of what is already public. */
  again: boolean;
  /** Begin again what a person cancelled, and go on before its time with what waits. */
  insist: boolean;
  /** Wait while another process works on an account; otherwise it is left to that one. */
  wait: boolean;
  signal: AbortSignal;
  notice(notice: Notice): void;
  event(event: PublishEvent): void;
}

type Post = PlannedPost<Target>;

/**
 * Sends each clip to each target, once per moment and account; accounts are worked on at the same time and independently, unless all is to
 * stand or fall together.
 * @throws {SnvgError} LEDGER_*, OUTPUT_NOT_OURS; the signal's reason
 */
export async function publishClips(room: PublishingRoom, request: PublishRequest): Promise<PublishRow[]> {
  const { app } = room;
  const { targets, clips } = request;
  const posts = planPosts(clips, targets.open, app.reviews, app.settings);
  const rows: PublishRow[] = targets.closed.flatMap(({ publisher, name, error }) => clips.map((clip) => bareRow(named(clip), { platform: publisher.id, account: { id: name, name } }, 'signed-out', problemOfError(error))));
  const sendable: Post[] = [];
  for (const post of posts) {
    const outcome = await hindrance(room.ledger, post);
    if (outcome === undefined) sendable.push(post);
    else rows.push(bareRow(named(post.clip), { platform: post.target.publisher.id, account: post.target.account }, outcome, outcome === 'refused' ? refusalOf(post) : null));
  }
  const { together } = app.settings;
  if (together && rows.some(({ outcome }) => outcome === 'refused' || outcome === 'signed-out')) {
    const held: Problem = { code: 'REMOTE_REFUSED', message: 'Nothing was sent: one of the platforms that were to publish together does not take it', remedy: 'See which with: snvg publish --check' };
    return [...rows, ...sendable.map(({ clip, target }) => bareRow(named(clip), { platform: target.publisher.id, account: target.account }, 'refused', held))];
  }
  for (const post of sendable) tellAdjustments(post, request);
  return [...rows, ...(await send(room, request, sendable))];
}

async function send(room: PublishingRoom, request: PublishRequest, posts: readonly Post[]): Promise<PublishRow[]> {
  const { event } = request;
  await requireVerified(posts, request.signal);
  const saga = new Saga(randomUUID(), { strict: room.app.settings.together, event });
  const several = new Set(posts.map(({ target }) => target)).size > 1;
  if (several) event({ type: 'saga-started', saga: saga.id, publications: posts.length });
  const results = await Promise.all(
    [...new Set(posts.map(({ target }) => target))].map(async (target) => {
      const orders = posts.filter((post) => post.target === target).map((post) => orderOf(post, { saga: several ? saga.id : null, again: request.again, insist: request.insist }));
      const result = await runAccount(accountRun(room, request, target, several ? saga : undefined), orders);
      return { target, orders, result };
    }),
  );
  const compensated = new Map<string, Ended>();
  for (const [target, endings] of byTarget(saga.compensations(), results)) {
    const result = await cancelOnAccount({ ...accountRun(room, request, target, saga), together: saga }, endings.map(({ order, publication }) => ({ ...order, publication })));
    for (const ended of 'heldBy' in result ? [] : result.ended) compensated.set(ended.publication.key, ended);
  }
  const rows = results.flatMap(({ target, orders, result }) => rowsOfAccount(target, orders, result, compensated));
  if (several) event({ type: 'saga-ended', saga: saga.id, published: count(rows, 'published'), cancelled: count(rows, 'cancelled'), failed: count(rows, 'failed') });
  for (const { publication } of saga.remaining()) event({ type: 'publication-notice', publication, code: 'PUBLISHED_ALONE', message: `${publication.title} stays on ${publication.platform} (${publication.url ?? publication.accountName}), although it failed elsewhere`, remedy: 'What is public is never taken down by snvg: delete it at the platform if it should not stand alone.' });
  for (const { result } of results) {
    if (!('heldBy' in result) && result.stopped !== undefined && (request.signal.aborted || !(result.stopped instanceof SnvgError))) throw result.stopped;
  }
  for (const { result } of results) if (!('heldBy' in result)) for (const ended of result.ended) tellEarlier(ended, request);
  return rows;
}

function orderOf({ clip, film, target }: Post, { saga, again, insist }: { saga: string | null; again: boolean; insist: boolean }): Order {
  if (!film) throw new RangeError('a post without a film cannot be sent');
  const { publisher, account, options } = target;
  const { sourceSha256, lineage, jobId, ranges } = clip;
  return {
    identity: { sourceSha256, lineage, platform: publisher.id, account: account.id },
    claimed: { jobId, clipSha256: film.sha256, title: film.title, ranges, accountName: account.name, dueMs: null, saga },
    clip: film,
    options,
    again,
    insist,
  };
}

/** Why a post is not sent; undefined when it is. What may have been sent already is followed up whatever is thought of the clip now. */
async function hindrance(ledger: Ledger, post: Post): Promise<Extract<RowOutcome, 'refused' | 'waiting' | 'rejected' | 'held-back'> | undefined> {
  if (post.film && (post.approval !== 'approved' || isRefused(post)) && (await isUnderWay(ledger, post))) return undefined;
  if (isRefused(post)) return 'refused';
  return post.approval === 'approved' ? undefined : post.approval === 'held back' ? 'held-back' : post.approval;
}

async function isUnderWay(ledger: Ledger, { clip, target }: Post): Promise<boolean> {
  const { publisher, account } = target;
  const known = await ledger.list({ platform: publisher.id, account: account.id });
  const one = known.find(({ sourceSha256, lineage }) => sourceSha256 === clip.sourceSha256 && lineage === clip.lineage);
  return one !== undefined && (one.state === 'committing' || one.state === 'processing' || one.state === 'unknown');
}

/** @throws {SnvgError} OUTPUT_NOT_OURS when a film is not the one that was verified */
async function requireVerified(posts: readonly Post[], signal: AbortSignal): Promise<void> {
  const films = new Map(posts.flatMap(({ film }) => (film ? [[film.videoPath, film] as const] : [])));
  for (const film of films.values()) {
    const { sha256 } = await hashFile(film.videoPath, signal);
    if (sha256 !== film.sha256) throw new SnvgError('OUTPUT_NOT_OURS', `${film.videoPath} is not the clip that was verified`, 'Make it again (snvg process), or put the verified file back, before publishing.');
  }
}

function byTarget(endings: readonly Ended[], results: readonly { target: Target }[]): [Target, Ended[]][] {
  return results.flatMap(({ target }): [Target, Ended[]][] => {
    const own = endings.filter(({ order }) => order.identity.platform === target.publisher.id && order.identity.account === target.account.id);
    return own.length > 0 ? [[target, own]] : [];
  });
}

function named({ films, lineage }: JobClip): { stem: string; title: string; lineage: string } {
  const [film] = films;
  return { stem: film?.stem ?? '', title: film?.title ?? '', lineage };
}

function refusalOf({ clip, target, findings }: Post): Problem {
  const [finding] = findings.filter(({ severity }) => severity === 'refused');
  return { code: 'REMOTE_REFUSED', message: `${target.publisher.name} does not take ${clip.films[0]?.stem ?? clip.id}: ${finding?.message ?? ''} (${finding?.rule ?? ''})`, remedy: finding?.remedy ?? '' };
}

function problemOfError({ code, message, remedy }: SnvgError): Problem {
  return { code, message, remedy };
}

function tellAdjustments({ target, film, findings }: Post, request: PublishRequest): void {
  for (const { message, remedy } of findings) {
    request.notice({ code: 'PUBLISH_ADJUSTED', stage: 'publish', message: `${film?.stem ?? ''} for ${target.publisher.name}: ${message}`, remedy, severity: 'info' });
  }
}

function tellEarlier({ order, publication, outcome }: Ended, request: PublishRequest): void {
  const where = publication.url ?? publication.state;
  if (outcome === 'changed') {
    request.notice({
      code: 'PUBLISHED_EARLIER',
      stage: 'publish',
      message: `${order.clip.stem} was already published to ${publication.platform} (${where}) and has changed since`,
      remedy: 'The published version stays; to publish the new one as well: snvg publish --again',
      severity: 'info',
    });
  }
  if (outcome === 'kept') request.notice({ code: 'PUBLISH_CANCELLED', stage: 'publish', message: `${order.clip.stem} for ${publication.platform} was cancelled by a person and stays so`, remedy: `To publish it after all: snvg publish --retry ${publication.key.slice(0, 8)}`, severity: 'info' });
}

function count(rows: readonly PublishRow[], outcome: RowOutcome): number {
  return rows.filter((row) => row.outcome === outcome).length;
}
