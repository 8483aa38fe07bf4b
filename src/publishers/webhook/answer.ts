import { LostReply, PlatformFault } from '../faults.js';
import type { HttpAnswer } from '../http.js';
import type { PublicationStep } from '../publisher.js';
import { retryAfterMs } from '../retry-after.js';
import { secretVariables } from './signature.js';

/** 408 Request Timeout, 409 Conflict (the same message is being taken at this moment), 425 Too Early, 429 Too Many Requests. */
const later: ReadonlySet<number> = new Set([408, 409, 425, 429]);

const maxUrlLength = 2048;

/** What the receiver's answer means. @throws {PlatformFault}, {LostReply} */
export function readAnswer(answer: HttpAnswer, account: string, nowMs: number): PublicationStep {
  const { status } = answer;
  if (status >= 200 && status < 300) return { state: 'published', ...postedUrl(answer.text) };
  const fault = (kind: 'retry' | 'auth' | 'refused', message: string, remedy: string, retryAtMs?: number): PlatformFault =>
    new PlatformFault(kind, { code: String(status), message: `The webhook answered ${status}${message}`, remedy, ...(retryAtMs === undefined ? {} : { retryAtMs }) });
  // It may have taken the film and failed afterwards; it is offered again under the same id.
  if (status >= 500) throw new LostReply(`the webhook answered ${status}`);
  if (later.has(status)) throw fault('retry', '', 'Nothing to do: it is tried again.', retryAfterMs(answer.headers, nowMs));
  if (status === 410) throw fault('refused', ': it takes no more clips', 'Take it out of --to and of the configuration.');
  if (status === 401 || status === 403) throw fault('auth', ': it does not accept the signature', `Check that ${secretVariables(account).join(' or ')} is the receiver's secret, and that both clocks are right.`);
  if (status === 413) throw fault('refused', ': the clip is too large for it', 'Allow larger requests at the receiver, or make the clip smaller: snvg process --crf 24.');
  if (status >= 300 && status < 400) throw fault('refused', ': it sends elsewhere, and signed films are not sent on', 'Name the final address.');
  throw fault('refused', words(answer.text), "See the receiver's log.");
}

/** `{"url": "https://…"}`, where people see the clip. */
function postedUrl(text: string): { url?: string } {
  try {
    const url = (JSON.parse(text) as { url?: unknown } | null)?.url;
    if (typeof url === 'string' && url.length <= maxUrlLength && /^https?:\/\//.test(url) && URL.canParse(url)) return { url: new URL(url).href };
  } catch {
    // Receivers need not answer with JSON.
  }
  return {};
}

/** The beginning of what the receiver says, on one line. */
function words(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim().slice(0, 200);
  return line === '' ? '' : `: ${line}`;
}
