import { hashFile } from '../../artifacts/fingerprint.js';
import { SnvgError, reportError } from '../../errors.js';
import type { Order } from '../../pipeline/publish/order.js';
import { runAccount } from '../../pipeline/publish/run-account.js';
import type { Problem, Publication, PublishableClip } from '../../publishers/publisher.js';
import { accountRun, type Manner, type PublishingRoom } from './account-run.js';
import { approvalOf } from './approval.js';
import { chooseFilm } from './choose-film.js';
import { clipOfRecord, findClip } from './find-publication.js';
import { rowOfPublication, rowsOfAccount, type PublishRow, type RowOutcome } from './rows.js';
import { openPublicationTarget, type Target } from './targets.js';

/** States in which no bytes are sent any more: the platform is asked by what the ledger knows. */
const asking: ReadonlySet<Publication['state']> = new Set(['committing', 'processing', 'unknown']);

/**
 * Goes on with what the ledger has, account by account, each clip found on this machine.
 * @param insist begin again what a person cancelled, and go on before its time with what waits
 * @throws {SnvgError} LEDGER_*; the signal's reason
 */
export async function goOn(room: PublishingRoom, publications: readonly Publication[], manner: Manner & { insist: boolean }): Promise<PublishRow[]> {
  const accounts = new Map<string, Publication[]>();
  for (const publication of publications) {
    const id = `${publication.platform}\0${publication.account}`;
    accounts.set(id, [...(accounts.get(id) ?? []), publication]);
  }
  const rows = await Promise.all([...accounts.values()].map((own) => goOnWithAccount(room, own, manner)));
  manner.signal.throwIfAborted();
  return rows.flat();
}

async function goOnWithAccount(room: PublishingRoom, publications: readonly Publication[], manner: Manner & { insist: boolean }): Promise<PublishRow[]> {
  const [first] = publications;
  if (!first) return [];
  let target: Target;
  try {
    target = await openPublicationTarget(first, room.app.settings, room.outside);
  } catch (error) {
    if (!(error instanceof SnvgError)) throw error;
    const outcome = error.code.startsWith('AUTH_') ? 'signed-out' : 'left';
    return publications.map((publication) => stayed(publication, outcome, reportError(error)));
  }
  const rows: PublishRow[] = [];
  const orders: Order[] = [];
  for (const publication of publications) {
    const found = await filmOf(room, publication, target);
    if ('outcome' in found) rows.push(stayed(publication, found.outcome, found.problem));
    else orders.push(orderOf(publication, found.film, target, manner.insist));
  }
  if (orders.length === 0) return rows;
  const result = await runAccount(accountRun(room, manner, target), orders);
  if (!('heldBy' in result) && result.stopped !== undefined && !(result.stopped instanceof SnvgError) && !manner.signal.aborted) throw result.stopped;
  return [...rows, ...rowsOfAccount(target, orders, result)];
}

/** The film to send, or why there is none to be sent. */
async function filmOf({ app }: PublishingRoom, publication: Publication, target: Target): Promise<{ film: PublishableClip } | { outcome: RowOutcome; problem: Problem | null }> {
  const clip = await findClip(app, publication);
  const film = clip && (clip.films.find(({ sha256 }) => sha256 === publication.clipSha256) ?? chooseFilm(clip, target));
  if (asking.has(publication.state)) return { film: film ?? clipOfRecord(publication) };
  if (!clip || !film) return { outcome: 'left', problem: { code: 'JOB_NOT_FOUND', message: `The clip of ${JSON.stringify(publication.title)} is not on this machine`, remedy: 'Run this where its job is, or make it again here: snvg process' } };
  const decision = app.reviews.decision(clip, film.sha256);
  if (decision === 'rejected' && target.publisher.reach === 'public') return { outcome: 'rejected', problem: null };
  // The same film had its yes when it was claimed.
  const approval = film.sha256 === publication.clipSha256 ? 'approved' : approvalOf(target.publisher, clip, film, app.reviews, app.settings);
  if (approval !== 'approved') return { outcome: approval === 'held back' ? 'held-back' : approval, problem: null };
  const refused = target.publisher.check(film, target.options).find(({ severity }) => severity === 'refused');
  if (refused) return { outcome: 'refused', problem: { code: 'REMOTE_REFUSED', message: `${target.publisher.name} does not take ${film.stem}: ${refused.message} (${refused.rule})`, remedy: refused.remedy } };
  const { sha256 } = await hashFile(film.videoPath, app.signal);
  if (sha256 !== film.sha256) return { outcome: 'left', problem: { code: 'OUTPUT_NOT_OURS', message: `${film.videoPath} is not the clip that was verified`, remedy: 'Make it again (snvg process), or put the verified file back, before publishing.' } };
  return { film };
}

function orderOf(publication: Publication, film: PublishableClip, { options }: Target, insist: boolean): Order {
  const { sourceSha256, lineage, platform, account, jobId, title, ranges, accountName, dueMs, saga } = publication;
  return { identity: { sourceSha256, lineage, platform, account }, claimed: { jobId, clipSha256: film.sha256, title: film.title || title, ranges, accountName, dueMs, saga }, clip: film, options, again: false, insist };
}

function stayed(publication: Publication, outcome: RowOutcome, problem: Problem | null): PublishRow {
  return { ...rowOfPublication(publication), outcome, problem: problem ?? publication.problem };
}
