import { SnvgError } from '../../errors.js';
import type { Ledger } from '../../ledger/ledger.js';
import { LostReply, PlatformFault } from '../../publishers/faults.js';
import { quotaLeft, type QuotaLeft } from '../../pipeline/publish/quota.js';
import { isPosted } from '../../pipeline/publish/states.js';
import type { Finding, Problem, Publication } from '../../publishers/publisher.js';
import type { PublishingRoom } from './account-run.js';
import type { JobClip } from './job-clips.js';
import { isRefused, planPosts, type PlannedPost } from './plan-posts.js';
import { openTargets, type NamedTarget, type Target } from './targets.js';

/**
 * What would become of a clip on a target.
 * `post`: it would be sent. `go on`: it was begun and would be finished. `already`, `changed`: it is there, as it is or in an earlier version.
 * `waiting`, `rejected`, `held back`: it lacks a yes. `planned`: it waits for its time. `cancelled`: a person took it back.
 */
export type Verdict = 'post' | 'go on' | 'already' | 'changed' | 'refused' | 'waiting' | 'rejected' | 'held back' | 'planned' | 'cancelled' | 'unknown';

export interface CheckedPost {
  clip: string;
  title: string;
  platform: string;
  account: string;
  verdict: Verdict;
  findings: Finding[];
  url: string | null;
}

/** An account before anything is sent: whether its login is good, and what its day still gives. */
export interface CheckedAccount {
  platform: string;
  account: string;
  problem: Problem | null;
  quota: { id: string; left: number; perDay: number; perPost: number; resetMs: number }[];
}

export interface Checked {
  posts: CheckedPost[];
  accounts: CheckedAccount[];
}

/** Looks at everything a run of publishing would send, and sends nothing that a platform would keep. @throws {SnvgError} LEDGER_*, USAGE */
export async function checkPosts({ app, ledger, outside }: PublishingRoom, clips: readonly JobClip[], named: readonly NamedTarget[]): Promise<Checked> {
  const { open, closed } = await openTargets(named, outside);
  const accounts: CheckedAccount[] = [
    ...closed.map(({ publisher, name, error: { code, message, remedy } }) => ({ platform: publisher.id, account: name, problem: { code, message, remedy }, quota: [] })),
    ...(await Promise.all(open.map((target) => checkedAccount(ledger, target, app.clock.nowMs())))),
  ];
  const posts: CheckedPost[] = [];
  for (const target of open) {
    const known = await ledger.list({ platform: target.publisher.id, account: target.account.id });
    for (const post of planPosts(clips, [target], app.reviews, app.settings)) posts.push(checkedPost(post, known));
  }
  for (const target of closed) {
    for (const post of planPosts(clips, [{ ...target, account: { id: target.name, name: target.name }, login: null }], app.reviews, app.settings)) posts.push(checkedPost(post, []));
  }
  return { posts, accounts };
}

/** Whether a run now would have something refused. */
export function wouldBeRefused({ posts, accounts }: Checked): boolean {
  return posts.some(({ verdict }) => verdict === 'refused') || accounts.some(({ problem }) => problem !== null);
}

async function checkedAccount(ledger: Ledger, { publisher, account, login }: Target, nowMs: number): Promise<CheckedAccount> {
  const quota = (await quotaLeft(ledger, publisher, account.id, nowMs)).map(({ quota: { id, perDay, perPost }, left, resetMs }: QuotaLeft) => ({ id, left, perDay, perPost, resetMs }));
  const short = quota.find(({ left, perPost }) => left < perPost);
  const problem = (await loginProblem(login)) ?? (short ? { code: 'QUOTA_EXHAUSTED', message: `${publisher.name}: ${short.left} of ${short.perDay} ${short.id} are left today, and a post takes ${short.perPost}`, remedy: `Publish after ${new Date(short.resetMs).toISOString()}.` } : null);
  return { platform: publisher.id, account: account.name, problem, quota };
}

async function loginProblem(login: Target['login']): Promise<Problem | null> {
  try {
    await login?.credentials();
    return null;
  } catch (error) {
    if (error instanceof SnvgError) return { code: error.code, message: error.message, remedy: error.remedy };
    if (error instanceof PlatformFault) return { code: 'AUTH_NEEDED', message: error.message, remedy: error.remedy };
    if (error instanceof LostReply) return { code: 'REMOTE_UNAVAILABLE', message: error.message, remedy: 'Check the connection, then look again.' };
    throw error;
  }
}

function checkedPost(post: PlannedPost<Target>, known: readonly Publication[]): CheckedPost {
  const { clip, film, target, findings } = post;
  const there = known.find(({ sourceSha256, lineage }) => sourceSha256 === clip.sourceSha256 && lineage === clip.lineage);
  const shown = film ?? clip.films[0];
  return { clip: shown?.stem ?? clip.id, title: shown?.title ?? '', platform: target.publisher.id, account: target.account.name, verdict: verdictOf(post, there), findings, url: there?.url ?? null };
}

function verdictOf(post: PlannedPost<Target>, there: Publication | undefined): Verdict {
  if (there && isPosted(there.state)) return post.film && there.clipSha256 !== post.film.sha256 ? 'changed' : 'already';
  if (there?.state === 'unknown') return 'unknown';
  if (there?.state === 'planned') return 'planned';
  if (there?.state === 'cancelled') return 'cancelled';
  if (isRefused(post)) return 'refused';
  if (post.approval !== 'approved') return post.approval;
  return there && there.state !== 'failed' && there.handle !== null ? 'go on' : 'post';
}
