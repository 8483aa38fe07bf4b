import { setTimeout as sleep } from 'node:timers/promises';
import { SnvgError } from '../../errors.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { Notice } from '../../pipeline/notice.js';
import { overlapOf } from '../../pipeline/publish/claim.js';
import type { Publication } from '../../publishers/publisher.js';
import { nextFreeSlots, timesFrom } from '../../schedule/free-slots.js';
import { parseTime } from '../../schedule/parse-time.js';
import type { PostingRules } from '../../schedule/rules.js';
import { parseSlots, type Slots } from '../../schedule/slots.js';
import { inZone } from '../../schedule/zone.js';
import type { App } from '../app.js';
import type { PublishingRoom } from './account-run.js';
import { findPublication } from './find-publication.js';
import { jobClips, type JobClip } from './job-clips.js';
import { openAppLedger, requireLastingLedger } from './open-ledger.js';
import { isRefused, planPosts, type PlannedPost } from './plan-posts.js';
import { postingRules, takenTimes } from './posting-rules.js';
import { findJob, requireSomeYes } from './publish-job.js';
import { withPublishing } from './publishing-room.js';
import { bareRow, rowOfPublication, type PublishRow } from './rows.js';
import { namedTargets, openTargets, type Target } from './targets.js';

const turnMs = 200;
const patienceMs = 60_000;

export interface ScheduleRequest {
  jobOrFolder: string | undefined;
  cwd: string;
  /** As a person wrote it; undefined: the next free slots. */
  at: string | undefined;
  /** Numbers of clips in the job, from 1; undefined: all. */
  clips: readonly number[] | undefined;
  env: NodeJS.ProcessEnv;
}

/** A post with its time as people read it, in the zone of the settings. */
export type ScheduledRow = PublishRow & { due: string | null };

/** When clips are to go out: from a time on, or in slots. */
type When = { atMs: number } | { slots: Slots };

/**
 * Claims clips of a job for later: each gets the next time that the rules let it, account by account. `snvg publish --due` then posts them.
 * @throws {SnvgError} USAGE, JOB_NOT_FOUND, TARGET_UNKNOWN, CONFIG_INVALID, LEDGER_*, REVIEW_NEEDED
 */
export async function addToSchedule(app: App, request: ScheduleRequest): Promise<{ rows: ScheduledRow[]; notices: Notice[] }> {
  const rules = postingRules(app.settings);
  const notices: Notice[] = [];
  const when = readWhen(app, request.at, rules, (notice) => notices.push(notice));
  const named = await namedTargets(app.settings);
  if (named.length === 0) throw new SnvgError('USAGE', 'No target was named', 'Say where to publish: snvg schedule add talk.snvg --to file:outbox --at "tomorrow 18:00"');
  requireLastingLedger(named.map(({ publisher }) => publisher), app.settings, request.env);
  const job = findJob(app, request.jobOrFolder, request.cwd);
  const clips = chosen(await jobClips(job, app.reviews), request.clips);
  const rows = await withPublishing(app, async (room) => {
    const targets = await openTargets(named, room.outside);
    const posts = planPosts(clips, targets.open, app.reviews, app.settings);
    const closed = targets.closed.flatMap(({ publisher, name, error }) => clips.map((clip) => bareRow(namesOf(clip), { platform: publisher.id, account: { id: name, name } }, 'signed-out', { code: error.code, message: error.message, remedy: error.remedy })));
    const open: PublishRow[] = [];
    for (const target of targets.open) open.push(...(await planOnAccount(room, target, posts.filter((post) => post.target === target), when, rules)));
    return [...closed, ...open];
  });
  requireSomeYes(rows, job);
  return { rows: rows.map((row) => withTime(row, rules.zone)), notices };
}

/** Everything that waits for its time, here or at a platform, soonest first. @throws {SnvgError} LEDGER_*, USAGE */
export async function listSchedule(app: App): Promise<ScheduledRow[]> {
  const { zone } = postingRules(app.settings);
  const waiting = (await withLedger(app, (ledger) => ledger.list())).filter(({ state, dueMs }) => state === 'planned' || (state === 'scheduled' && dueMs !== null));
  return waiting.toSorted((a, b) => (a.dueMs ?? 0) - (b.dueMs ?? 0)).map((publication) => withTime(rowOfPublication(publication), zone));
}

/**
 * Gives a planned post another time: the one named, or the next free slot.
 * @throws {SnvgError} PUBLICATION_NOT_FOUND, PUBLICATION_STATE when it has begun, USAGE when the rules do not let the time, LEDGER_*
 */
export async function moveInSchedule(app: App, given: string, at: string | undefined): Promise<{ rows: ScheduledRow[]; notices: Notice[] }> {
  const rules = postingRules(app.settings);
  const notices: Notice[] = [];
  const when = readWhen(app, at, rules, (notice) => notices.push(notice));
  const moved = await withLedger(app, async (ledger) => {
    const { key, platform, account } = await findPublication(ledger, given);
    return alone(ledger, { platform, account }, app.signal, async () => {
      const publication = await notBegun(ledger, key);
      const takenMs = await takenTimes(ledger, { platform, account }, app.clock.nowMs(), key);
      return ledger.plan(publication, nextTimes(app, when, 1, takenMs, rules)[0] ?? null);
    });
  });
  return { rows: [withTime(rowOfPublication(moved), rules.zone)], notices };
}

/** Takes a planned post out of the schedule. @throws {SnvgError} PUBLICATION_NOT_FOUND, PUBLICATION_STATE when it has begun, LEDGER_* */
export async function removeFromSchedule(app: App, given: string): Promise<ScheduledRow> {
  const { zone } = postingRules(app.settings);
  const removed = await withLedger(app, async (ledger) => {
    const { key } = await findPublication(ledger, given);
    return ledger.record(await notBegun(ledger, key), { state: 'cancelled', handle: null }, 'taken out of the schedule');
  });
  return withTime(rowOfPublication(removed), zone);
}

async function withLedger<T>(app: App, work: (ledger: Ledger) => Promise<T>): Promise<T> {
  const ledger = await openAppLedger(app);
  try {
    return await work(ledger);
  } finally {
    await ledger.close();
  }
}

function withTime(row: PublishRow, zone: string): ScheduledRow {
  return { ...row, due: row.dueMs === null ? null : inZone(row.dueMs, zone) };
}

async function notBegun(ledger: Ledger, key: string): Promise<Publication> {
  const publication = await ledger.get(key);
  if (publication?.state === 'planned' || (publication?.state === 'claimed' && publication.handle === null)) return publication;
  const remedy = publication?.state === 'scheduled' ? `The platform has it: take it back with snvg publish --cancel ${key.slice(0, 8)}, then schedule it again.` : 'See what there is with: snvg schedule list';
  throw new SnvgError('PUBLICATION_STATE', `${JSON.stringify(publication?.title)} does not wait for its time: it is ${publication?.state}`, remedy);
}

function readWhen({ settings, clock }: Pick<App, 'settings' | 'clock'>, at: string | undefined, { zone }: PostingRules, notice: (notice: Notice) => void): When {
  if (at === undefined) {
    if (settings.slots === null) throw new SnvgError('USAGE', 'Neither a time nor slots were given', 'Say when: --at "tomorrow 18:00", or --slots "mon-fri 18:00".');
    return { slots: parseSlots(settings.slots) };
  }
  const nowMs = clock.nowMs();
  const time = parseTime(at, { zone, nowMs });
  if (time.atMs <= nowMs) throw new SnvgError('USAGE', `${inZone(time.atMs, zone)} is over`, 'Name a time to come, or publish at once with snvg publish.');
  if (time.notice !== undefined) notice({ code: 'TIME_SKIPPED', stage: 'publish', message: time.notice, remedy: 'Name another time if that one will not do.', severity: 'info' });
  return { atMs: time.atMs };
}

function nextTimes({ clock }: Pick<App, 'clock'>, when: When, count: number, takenMs: readonly number[], rules: PostingRules): number[] {
  if ('atMs' in when) return timesFrom(when.atMs, count, { takenMs, rules });
  return nextFreeSlots(when.slots, count, { afterMs: clock.nowMs(), takenMs, rules }).map(({ atMs }) => atMs);
}

function chosen(clips: readonly JobClip[], numbers: readonly number[] | undefined): JobClip[] {
  if (numbers === undefined) return [...clips];
  return numbers.map((number) => {
    const clip = clips.find(({ index }) => index === number);
    if (!clip) throw new SnvgError('USAGE', `The job has no clip ${number}`, clips.length === 0 ? 'It has delivered none.' : `Its clips are: ${clips.map(({ index }) => index).join(', ')}.`);
    return clip;
  });
}

async function planOnAccount({ app, ledger }: PublishingRoom, target: Target, posts: readonly PlannedPost<Target>[], when: When, rules: PostingRules): Promise<PublishRow[]> {
  const at = { platform: target.publisher.id, account: target.account };
  return alone(ledger, { platform: at.platform, account: at.account.id }, app.signal, async () => {
    const takenMs = await takenTimes(ledger, { platform: at.platform, account: at.account.id }, app.clock.nowMs());
    const known = await ledger.list({ platform: at.platform, account: at.account.id });
    const waiting = posts.map((post) => ({ post, before: known.find(({ sourceSha256, lineage }) => sourceSha256 === post.clip.sourceSha256 && lineage === post.clip.lineage) }));
    const times = nextTimes(app, when, waiting.filter(({ post, before }) => wantsTime(post, before)).length, takenMs, rules);
    const rows: PublishRow[] = [];
    for (const { post, before } of waiting) {
      const [dueMs] = times;
      const hindrance = hindranceOf(post);
      if (hindrance) rows.push(bareRow(namesOf(post.clip), at, hindrance.outcome, hindrance.problem));
      else if (before && isGoingOn(before)) rows.push({ ...rowOfPublication(before), clip: namesOf(post.clip).stem, outcome: before.state === 'planned' ? 'planned' : 'already' });
      else if (dueMs !== undefined) {
        const row = await claimFor(ledger, post, dueMs);
        // A clip that another one keeps away leaves its time to the next.
        if (row.outcome === 'planned') times.shift();
        rows.push(row);
      }
    }
    return rows;
  });
}

function wantsTime(post: PlannedPost, before: Publication | undefined): boolean {
  return hindranceOf(post) === undefined && !(before && isGoingOn(before));
}

function isGoingOn({ state }: Publication): boolean {
  return state !== 'failed' && state !== 'cancelled';
}

function hindranceOf(post: PlannedPost): Pick<PublishRow, 'problem'> & { outcome: 'refused' | 'waiting' | 'rejected' | 'held-back' } | undefined {
  if (isRefused(post)) {
    const finding = post.findings.find(({ severity }) => severity === 'refused');
    return { outcome: 'refused', problem: { code: 'REMOTE_REFUSED', message: `${post.target.publisher.name} does not take ${namesOf(post.clip).stem}: ${finding?.message ?? ''} (${finding?.rule ?? ''})`, remedy: finding?.remedy ?? '' } };
  }
  return post.approval === 'approved' ? undefined : { outcome: post.approval === 'held back' ? 'held-back' : post.approval, problem: null };
}

async function claimFor(ledger: Ledger, { clip, film, target }: PlannedPost<Target>, dueMs: number): Promise<PublishRow> {
  if (!film) throw new RangeError('a post without a film cannot be planned');
  const { publisher, account } = target;
  const { sourceSha256, lineage, jobId, ranges } = clip;
  const claimed = { jobId, clipSha256: film.sha256, title: film.title, ranges, accountName: account.name, dueMs, saga: null };
  const names = namesOf(clip);
  try {
    const claim = await ledger.claim({ sourceSha256, lineage, platform: publisher.id, account: account.id }, claimed);
    if (claim.kind === 'overlapping') return overlapRow(names, target, claim.with);
    const planned = claim.kind === 'new' ? claim.publication : await planAgain(ledger, claim.publication, claimed);
    return { ...rowOfPublication(planned), clip: names.stem, outcome: planned.state === 'planned' ? 'planned' : 'already' };
  } catch (error) {
    const problem = overlapOf(error);
    if (!problem) throw error;
    return bareRow(names, { platform: publisher.id, account }, 'overlapping', problem);
  }
}

/** What failed or was cancelled begins anew, as the clip is now; nothing of the earlier attempt is used. */
async function planAgain(ledger: Ledger, publication: Publication, claimed: Parameters<Ledger['revise']>[1]): Promise<Publication> {
  if (isGoingOn(publication)) return publication;
  if (publication.clipSha256 !== claimed.clipSha256) return ledger.revise(publication, claimed);
  const forgotten = publication.handle === null ? publication : await ledger.record(publication, { state: publication.state, handle: null });
  return ledger.plan(forgotten, claimed.dueMs);
}

function overlapRow(names: { stem: string; title: string; lineage: string }, { publisher, account }: Target, other: Publication): PublishRow {
  const where = other.url ?? `${other.state}, as ${JSON.stringify(other.title)}`;
  return bareRow(names, { platform: publisher.id, account }, 'overlapping', { code: 'LEDGER_OVERLAP', message: `${names.stem} shows for the most part what is on ${publisher.name} as another moment (${where})`, remedy: 'Leave it out with --clips; each moment is posted once.' });
}

function namesOf(clip: JobClip): { stem: string; title: string; lineage: string } {
  const [film] = clip.films;
  return { stem: film?.stem ?? clip.id, title: film?.title ?? '', lineage: clip.lineage };
}

/** One process at a time hands out the times of an account, so that two do not give the same one away. The work of posting goes on beside it. */
async function alone<T>(ledger: Ledger, { platform, account }: { platform: string; account: string }, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let waitedMs = 0; ; waitedMs += turnMs) {
    const lease = await ledger.lease(`schedule ${platform}`, account);
    if (!('heldBy' in lease)) {
      try {
        return await work();
      } finally {
        await lease.release();
      }
    }
    if (waitedMs >= patienceMs) throw new SnvgError('LEDGER_CONFLICT', `Process ${lease.heldBy.pid} on ${lease.heldBy.host} is changing the schedule of ${platform}`, 'Run again when it has ended.');
    await sleep(turnMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
