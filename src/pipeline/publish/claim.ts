import { SnvgError } from '../../errors.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { Problem, Publication, Publisher } from '../../publishers/publisher.js';
import type { Order, Outcome } from './order.js';
import { isPosted } from './states.js';

/** Of a publication that was cancelled because another one of its saga failed: asking once more begins it again. */
export const sagaCancelled = 'SAGA_CANCELLED';

/** In the history: of something that had failed or was cancelled. */
export const begunAgain = 'begun again';

interface Claiming {
  ledger: Ledger;
  publisher: Pick<Publisher, 'holdsUntilDue'>;
  nowMs: number;
}

/** What the ledger lets an order do: `work` goes on, everything else has ended before it began. */
export type Claimed = { kind: 'work'; publication: Publication } | { kind: 'ended'; publication: Publication; outcome: Outcome; problem: Problem | null };

/**
 * Makes the ledger's entry, or finds the one there is, and applies the rules of revisions: what is posted stays as it is, a changed clip is posted
 * beside it only when a person asks (`again`), what failed begins anew, what a person cancelled stays cancelled.
 */
export async function claimOrder({ ledger, publisher, nowMs }: Claiming, order: Order): Promise<Claimed> {
  try {
    return await claimed({ ledger, publisher, nowMs }, order);
  } catch (error) {
    const problem = overlapOf(error);
    const publication = problem && (await ledger.list({ platform: order.identity.platform, account: order.identity.account })).find(({ sourceSha256, lineage }) => sourceSha256 === order.identity.sourceSha256 && lineage === order.identity.lineage);
    if (!problem || !publication) throw error;
    return { kind: 'ended', publication, outcome: 'overlapping', problem };
  }
}

async function claimed({ ledger, publisher, nowMs }: Claiming, order: Order): Promise<Claimed> {
  const isEarly = ({ state, dueMs }: Publication): boolean => state === 'planned' && !order.insist && dueMs !== null && dueMs > nowMs && publisher.holdsUntilDue?.(order.options) !== true;
  const claim = await ledger.claim(order.identity, order.claimed);
  if (claim.kind === 'overlapping') return { kind: 'ended', publication: claim.with, outcome: 'overlapping', problem: overlap(order, claim.with) };
  const { publication } = claim;
  const { state } = publication;
  if (isPosted(state)) return posted(ledger, publication, order);
  if (state === 'cancelled' && !order.insist && publication.problem?.code !== sagaCancelled) return { kind: 'ended', publication, outcome: 'kept', problem: null };
  // Nothing is public of it and nothing of the earlier attempt is used again.
  if (state === 'failed' || state === 'cancelled') {
    const begun = await ledger.record(publication, { state: 'claimed', handle: null }, begunAgain);
    return { kind: 'work', publication: await withClip(ledger, begun, order) };
  }
  return isEarly(publication) ? { kind: 'ended', publication, outcome: 'planned', problem: null } : { kind: 'work', publication };
}

async function posted(ledger: Ledger, publication: Publication, order: Order): Promise<Claimed> {
  if (!isChanged(publication, order)) return { kind: 'ended', publication, outcome: 'already', problem: null };
  if (!order.again) return { kind: 'ended', publication, outcome: 'changed', problem: null };
  return { kind: 'work', publication: await ledger.revise(publication, order.claimed) };
}

/** The ledger's refusal of a moment that another one has taken the place of. */
export function overlapOf(error: unknown): Problem | undefined {
  if (!(error instanceof SnvgError) || error.code !== 'LEDGER_OVERLAP') return undefined;
  const { code, message, remedy } = error;
  return { code, message, remedy };
}

/** Whether the clip is another than the one that the publication was claimed for. */
export function isChanged(publication: Publication, order: Order): boolean {
  return publication.clipSha256 !== order.clip.sha256;
}

/** Nothing of it was sent that could become public: it may be of the clip as it is now. */
export async function withClip(ledger: Ledger, publication: Publication, order: Order): Promise<Publication> {
  return isChanged(publication, order) ? ledger.revise(publication, order.claimed) : publication;
}

function overlap(order: Order, other: Publication): Problem {
  const where = other.url ?? `${other.state}, as ${JSON.stringify(other.title)}`;
  return {
    code: 'LEDGER_OVERLAP',
    message: `${order.clip.stem} shows for the most part what is already on ${other.platform} as another moment (${where})`,
    remedy: 'Leave it out, or take the other one down at the platform first; each moment is posted once.',
  };
}
