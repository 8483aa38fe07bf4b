import { LostReply, PlatformFault } from '../faults.js';
import type { HttpAnswer } from '../http.js';

/** Codes that steps look for; others are X's own titles. */
export const faultCode = { duplicateText: 'duplicateText', unknownMedia: 'unknownMedia', invalidRequest: 'invalidRequest' } as const;

const windowMs = 15 * 60_000;
const hourMs = 3_600_000;

/** What is read of X's error bodies (application/problem+json, or the older list of errors). */
interface Problem {
  type: string;
  title: string;
  detail: string;
}

/**
 * The error that an answer other than 2xx stands for. A server's failure, and an answer that is not X's own (a proxy's page), leave
 * open whether the request took effect: LostReply. The rest are definite.
 */
export function faultOf(answer: HttpAnswer, what: string, nowMs: number): PlatformFault | LostReply {
  const { status } = answer;
  if (status >= 500) return new LostReply(`X failed while ${what} (${status})`);
  if (status === 429) return tooMany(answer, what, nowMs);
  const problem = readProblem(answer.text);
  if (status < 400 || !problem) return new LostReply(`X gave an answer that is not its own while ${what} (${status})`);
  const said = `X refused ${what}: ${problem.detail || problem.title || status}`;
  if (status === 401) return new PlatformFault('auth', { code: 'unauthorized', message: `X does not accept the login (${what})`, remedy: 'Log in again: snvg auth login x' });
  if (status === 402) return new PlatformFault('auth', { code: 'credits', message: said, remedy: 'Buy credits for the app in the X developer console, then publish again.' });
  if (status === 403) return forbidden(problem, said, nowMs);
  if (/media ids? (is|are) invalid|media.*(not found|expired)/i.test(problem.detail)) return new PlatformFault('refused', { code: faultCode.unknownMedia, message: said, remedy: 'Publish again: the video is sent anew.' });
  if (status === 408 || status === 409 || status === 425) return new PlatformFault('retry', { code: problem.title, message: said, remedy: 'Publish again later.' });
  return new PlatformFault('refused', {
    code: status === 404 ? 'notFound' : status === 400 ? faultCode.invalidRequest : problem.title,
    message: said,
    remedy: 'Change what X names, then publish again.',
  });
}

function forbidden(problem: Problem, said: string, nowMs: number): PlatformFault {
  const text = `${problem.type} ${problem.title} ${problem.detail}`;
  if (/duplicate content|status is a duplicate/i.test(text)) return new PlatformFault('refused', { code: faultCode.duplicateText, message: said, remedy: 'Change the title or description, then publish again.' });
  if (/usage-capped/i.test(text)) return new PlatformFault('quota', { code: 'usageCapped', message: said, remedy: 'Wait, or raise the cap in the X developer console.', retryAtMs: nowMs + 24 * hourMs });
  if (/status update limit|posting limit|daily limit/i.test(text)) return new PlatformFault('quota', { code: 'postLimit', message: said, remedy: 'Wait: X lets an account post only so often a day.', retryAtMs: nowMs + hourMs });
  if (/oauth|scope|permi|authenticat|client-forbidden|suspend|locked|^about:blank Forbidden (Forbidden)?$/i.test(text)) {
    return new PlatformFault('auth', {
      code: 'forbidden',
      message: said,
      remedy: 'See that the app may read and write and that the account is in good standing, then log in again: snvg auth login x',
    });
  }
  return new PlatformFault('refused', { code: problem.title || 'forbidden', message: said, remedy: 'Change what X names, then publish again.' });
}

/** X says when a window ends in seconds of its own clock; what counts is how far away that is. */
function tooMany(answer: HttpAnswer, what: string, nowMs: number): PlatformFault {
  const { headers, text } = answer;
  const theirNowMs = dateOf(answer) ?? nowMs;
  const at = (name: string): number | undefined => {
    const seconds = Number(headers[name]);
    return headers[name] !== undefined && Number.isFinite(seconds) ? Math.max(nowMs, nowMs + seconds * 1000 - theirNowMs) : undefined;
  };
  const day = ['user', 'app'].find((whose) => headers[`x-${whose}-limit-24hour-remaining`] === '0');
  const retryAtMs = (day === undefined ? undefined : at(`x-${day}-limit-24hour-reset`)) ?? at('x-rate-limit-reset') ?? nowMs + windowMs;
  const capped = /usage-capped/i.test(readProblem(text)?.type ?? '');
  return new PlatformFault(day !== undefined || capped ? 'quota' : 'retry', {
    code: capped ? 'usageCapped' : 'tooManyRequests',
    message: `X takes no more requests of this kind for now (${what})`,
    remedy: 'Publish again later; what was done so far is kept.',
    retryAtMs: capped && headers['x-rate-limit-reset'] === undefined ? nowMs + 24 * hourMs : retryAtMs,
  });
}

/** X's clock when it answered; undefined where the answer does not say. */
export function dateOf({ headers }: Pick<HttpAnswer, 'headers'>): number | undefined {
  const ms = Date.parse(headers['date'] ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}

function readProblem(text: string): Problem | undefined {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== 'object' || body === null) return undefined;
    const fields = body as Record<string, unknown>;
    const first = (Array.isArray(fields['errors']) ? (fields['errors'][0] ?? {}) : {}) as Record<string, unknown>;
    const own = (name: string): string => (typeof fields[name] === 'string' ? fields[name] : '');
    const listed = [first['message'], first['detail']].find((value) => typeof value === 'string');
    if (own('title') === '' && own('detail') === '' && own('error') === '' && listed === undefined) return undefined;
    return { type: own('type') || own('error'), title: own('title'), detail: [own('detail') || own('error_description'), listed].filter((part) => part !== undefined && part !== '').join(' ') };
  } catch {
    return undefined;
  }
}
