import { SnvgError } from '../../errors.js';
import type { Ledger, LedgerEvent } from '../../ledger/ledger.js';
import type { Order, Withdrawal } from '../../pipeline/publish/order.js';
import { cancelOnAccount } from '../../pipeline/publish/run-account.js';
import { findPublisher } from '../../publishers/registry.js';
import type { Publication } from '../../publishers/publisher.js';
import { accountRun, type Manner, type PublishingRoom } from './account-run.js';
import { clipOfRecord, findPublication } from './find-publication.js';
import { goOn } from './go-on.js';
import { rowOfPublication, rowsOfAccount, type PublishRow } from './rows.js';
import { openPublicationTarget } from './targets.js';

/** All posts, or those of one job, the newest last. @throws {SnvgError} LEDGER_* */
export async function publicationStatus(ledger: Ledger, jobId: string | undefined): Promise<PublishRow[]> {
  return (await ledger.list(jobId === undefined ? {} : { jobId })).map(rowOfPublication);
}

/** Who posted what, when, from which machine; oldest first. @throws {SnvgError} LEDGER_* */
export async function publicationHistory(ledger: Ledger): Promise<{ publication: Publication; event: LedgerEvent }[]> {
  return ledger.history();
}

/** What did not end well: failed, cannot be told, or was left on its way. */
function wantsRetry({ state }: Publication): boolean {
  return state !== 'published' && state !== 'scheduled' && state !== 'draft' && state !== 'cancelled' && state !== 'planned';
}

/**
 * Tries again: the one named, whatever became of it, or all that did not end well.
 * @throws {SnvgError} PUBLICATION_NOT_FOUND, PUBLICATION_STATE when it is there already, LEDGER_*; the signal's reason
 */
export async function retryPublications(room: PublishingRoom, given: string | undefined, manner: Manner): Promise<PublishRow[]> {
  const { ledger } = room;
  if (given === undefined) return goOn(room, (await Promise.all((await ledger.list()).filter(wantsRetry).map((one) => atOnce(room, one)))), { ...manner, insist: false });
  const publication = await findPublication(ledger, given);
  if (publication.state === 'published' || publication.state === 'draft' || publication.state === 'scheduled') {
    throw new SnvgError('PUBLICATION_STATE', `${JSON.stringify(publication.title)} is there already (${publication.url ?? publication.state})`, 'To post a changed clip beside it: snvg publish --again');
  }
  return goOn(room, [await atOnce(room, publication)], { ...manner, insist: true });
}

/** A person does not wait for the time that snvg set itself; what a platform's day gives is asked of the ledger anew. */
async function atOnce({ ledger, app }: PublishingRoom, publication: Publication): Promise<Publication> {
  const { state, notBeforeMs } = publication;
  if (notBeforeMs === null || notBeforeMs <= app.clock.nowMs() || state === 'committing') return publication;
  const lease = await ledger.lease(publication.platform, publication.account);
  if ('heldBy' in lease) return publication;
  try {
    return await ledger.record(publication, { state }, 'tried again by a person');
  } finally {
    await lease.release();
  }
}

/**
 * Takes back what is not public yet: pending, draft or scheduled.
 * @throws {SnvgError} PUBLICATION_NOT_FOUND, PUBLICATION_STATE when people can see it already, ACCOUNT_BUSY, AUTH_*, LEDGER_*
 */
export async function cancelPublication(room: PublishingRoom, given: string, manner: Omit<Manner, 'wait'>): Promise<PublishRow[]> {
  const publication = await findPublication(room.ledger, given);
  if (publication.state === 'published') {
    throw new SnvgError('PUBLICATION_STATE', `${JSON.stringify(publication.title)} is public already (${publication.url ?? publication.platform})`, 'snvg never takes down what people can see: delete it at the platform.');
  }
  const unsent = publication.handle === null && (publication.state === 'planned' || publication.state === 'claimed');
  const target = unsent
    ? { publisher: await findPublisher(publication.platform), account: { id: publication.account, name: publication.accountName }, login: null, options: {}, format: null }
    : await openPublicationTarget(publication, room.app.settings, room.outside);
  const together: Withdrawal = { withdrawn: () => true, problem: null, ended: () => {} };
  const { sourceSha256, lineage, platform, account, jobId, clipSha256, title, ranges, accountName, dueMs, saga } = publication;
  const order: Order & { publication: Publication } = { identity: { sourceSha256, lineage, platform, account }, claimed: { jobId, clipSha256, title, ranges, accountName, dueMs, saga }, clip: clipOfRecord(publication), options: target.options, again: false, insist: false, publication };
  const result = await cancelOnAccount({ ...accountRun(room, { ...manner, wait: false }, target), together }, [order]);
  if ('heldBy' in result) throw busy(publication, result.heldBy);
  if (result.stopped !== undefined) throw result.stopped;
  return rowsOfAccount(target, [order], result);
}

/**
 * What a person saw at the platform, of a post that snvg and the platform cannot tell about.
 * @param answer `posted=<url>` or `not-posted`
 * @throws {SnvgError} USAGE, PUBLICATION_NOT_FOUND, PUBLICATION_STATE, ACCOUNT_BUSY, LEDGER_*
 */
export async function resolvePublication({ ledger }: Pick<PublishingRoom, 'ledger'>, given: string, answer: string): Promise<PublishRow> {
  const url = /^posted=(https?:\/\/\S+|file:\/\/\S+)$/.exec(answer)?.[1];
  if (url === undefined && answer !== 'not-posted') throw new SnvgError('USAGE', `${JSON.stringify(answer)} is no answer`, 'Say posted=<url> or not-posted: snvg publish --resolve 1a2b3c4d posted=https://…');
  const { platform, account, key } = await findPublication(ledger, given);
  const lease = await ledger.lease(platform, account);
  const publication = (await ledger.get(key)) as Publication;
  if ('heldBy' in lease) throw busy(publication, lease.heldBy);
  try {
    if (publication.state !== 'unknown' && publication.state !== 'committing') {
      throw new SnvgError('PUBLICATION_STATE', `There is no question about ${JSON.stringify(publication.title)}: it is ${publication.state}`, 'See what there is with: snvg publish --status');
    }
    const step =
      url === undefined
        ? { state: 'failed' as const, handle: null, problem: { code: 'REMOTE_UNAVAILABLE', message: 'A person looked: it is not there', remedy: `To post it: snvg publish --retry ${key.slice(0, 8)}` } }
        : { state: 'published' as const, url };
    return rowOfPublication(await ledger.record(publication, step, url === undefined ? 'a person says: not posted' : 'a person says: posted'));
  } finally {
    await lease.release();
  }
}

function busy({ platform, accountName }: Publication, { pid, host }: { pid: number; host: string }): SnvgError {
  return new SnvgError('ACCOUNT_BUSY', `Process ${pid} on ${host} works on ${platform} (${accountName}) now`, 'Wait until it has ended, then say it again.');
}
