import { SnvgError, reportError } from '../../errors.js';
import { HostPaused } from './breaker.js';
import { LostReply, PlatformFault } from '../../publishers/faults.js';
import type { Problem, Publication, Publisher } from '../../publishers/publisher.js';

/** How a publication is named on the command line: the beginning of its key. */
function shortKey(publication: Pick<Publication, 'key'>): string {
  return publication.key.slice(0, 8);
}

/** A definite or possible failure of a request, in the ledger's words. */
export function problemOf(error: unknown, publisher: Publisher): Problem {
  if (error instanceof PlatformFault) {
    const code = { retry: 'REMOTE_UNAVAILABLE', auth: 'AUTH_NEEDED', quota: 'QUOTA_EXHAUSTED', refused: 'REMOTE_REFUSED' }[error.kind];
    return { code, message: `${publisher.name}: ${error.message}${error.message.includes(error.code) ? '' : ` (${error.code})`}`, remedy: error.remedy };
  }
  if (error instanceof HostPaused) return { code: 'REMOTE_UNAVAILABLE', message: `${publisher.name}: ${error.message}`, remedy: 'Run the same command again later: it goes on where it was.' };
  if (error instanceof LostReply) return { code: 'REMOTE_UNAVAILABLE', message: `${publisher.name} did not answer: ${error.message}`, remedy: 'Check the connection and run the same command again: it goes on where it was.' };
  const { code, message, remedy } = reportError(error);
  return { code, message, remedy };
}

/** The problem of a publication that only a person can decide. */
export function undecided(publication: Publication, publisher: Publisher, { question, reason }: { question: string; reason: string }): Problem {
  return {
    code: 'PUBLICATION_UNKNOWN',
    message: `Nobody can tell whether ${JSON.stringify(publication.title)} is on ${publisher.name}: ${reason}`,
    remedy: `Look there, then say so: snvg publish --resolve ${shortKey(publication)} posted=<url>, or snvg publish --resolve ${shortKey(publication)} not-posted`,
    question,
  };
}

export function quotaProblem(publisher: Publisher, quota: string, resetMs: number): Problem {
  return {
    code: 'QUOTA_EXHAUSTED',
    message: `${publisher.name}: what is left of today's quota (${quota}) is not enough for one more post`,
    remedy: `Run again after ${new Date(resetMs).toISOString()}: it goes on where it was.`,
  };
}

/** A platform that asks for more time than a run waits. */
export function stillAtIt(publisher: Publisher, untilMs: number): Problem {
  return { code: 'REMOTE_UNAVAILABLE', message: `${publisher.name} is still at it`, remedy: `Run again after ${new Date(untilMs).toISOString()}: it goes on where it was.` };
}

/** The error an account's run ends with when nothing can be sent any more. */
export function takenOver(publisher: Publisher, account: string): SnvgError {
  return new SnvgError('ACCOUNT_BUSY', `Another process has taken over the work on ${publisher.name} (${account})`, 'Nothing more was sent from here; see what it does with: snvg publish --status');
}
