import type { youtube_v3 } from 'googleapis/build/src/apis/youtube/v3.js';
import type { Credentials } from '../credentials.js';
import { LostReply, PlatformFault } from '../faults.js';
import type { HttpAnswer, HttpRequest, HttpTransport } from '../http.js';
import { explainAnswer } from './faults.js';

/** What a request needs besides its own content. */
export interface Caller {
  http: HttpTransport;
  signal: AbortSignal;
  nowMs(): number;
  credentials: Pick<Credentials, 'accessToken'>;
}

/** Google's client is of the newest kind of the whole collection: this part of it takes 0.2 s and 20 MB, all of it 2 s and 100 MB. */
const loadClient = (): Promise<typeof import('googleapis/build/src/apis/youtube/v3.js')> => import('googleapis/build/src/apis/youtube/v3.js');

/**
 * One call of the Data API by Google's client, sent by our transport. All calls made this way may be repeated, and none sends the clip:
 * that such a call is refused says nothing about the clip, so it is a reason to try again.
 * `what` completes "YouTube refuses …".
 * @throws {PlatformFault} never `refused`; {LostReply}
 */
export async function call<Answer>(caller: Caller, what: string, request: (api: youtube_v3.Youtube) => Promise<{ data: Answer }>): Promise<Answer> {
  const { youtube_v3: client } = await loadClient();
  let answer: HttpAnswer | undefined;
  let failure: unknown;
  const api = new client.Youtube({
    headers: { authorization: `Bearer ${caller.credentials.accessToken}` },
    retry: false,
    // The transport knows about proxies.
    noProxy: [/^/],
    validateStatus: () => true,
    fetchImplementation: async (url, init) => {
      try {
        answer = await caller.http.send(asRequest(String(url), init ?? {}, caller.signal));
        return new Response(answer.text === '' ? null : answer.text, { status: answer.status, headers: answer.headers });
      } catch (error) {
        failure = error;
        throw error;
      }
    },
  });
  let data: Answer;
  try {
    ({ data } = await request(api));
  } catch (error) {
    throw failure ?? error;
  }
  if (!answer) throw new LostReply(`nothing was asked of YouTube ${what}`);
  if (answer.status < 200 || answer.status > 299) throw aboutAsking(explainAnswer(answer, { what, repeatable: true, nowMs: caller.nowMs() }));
  if (answer.status !== 204 && (typeof data !== 'object' || data === null)) throw new LostReply(`YouTube’s answer ${what} cannot be read`);
  return data;
}

function aboutAsking(error: PlatformFault | LostReply): PlatformFault | LostReply {
  if (!(error instanceof PlatformFault) || error.kind !== 'refused') return error;
  return new PlatformFault('retry', { code: error.code, message: error.message, remedy: 'It is tried again by itself; if it stays so, see the video in YouTube Studio.' });
}

function asRequest(url: string, init: RequestInit, signal: AbortSignal): HttpRequest {
  const headers: Record<string, string> = {};
  new Headers(init.headers).forEach((value, name) => {
    // The transport reads plain text.
    if (name !== 'accept-encoding') headers[name] = value;
  });
  const method = (init.method ?? 'GET').toUpperCase() as HttpRequest['method'];
  return { method, url, headers, signal, ...(typeof init.body === 'string' ? { body: init.body } : {}) };
}
