import { LostReply, PlatformFault } from '../faults.js';
import type { PublishContext } from '../publisher.js';
import { parseObject, understood } from './graph.js';
import { GraphRefusal } from './graph-fault.js';
import { graphVersion } from './limits.js';

/** `whole`: the film is there. `spoiled`: this container will never take it. */
export type UploadOutcome = { kind: 'whole' } | { kind: 'spoiled'; reason: string };

const uploadHost = 'rupload.facebook.com';
/** Meta looks at the film's beginning before it answers. */
const answerTimeoutMs = 5 * 60_000;

interface Destination {
  containerId: string;
  uri: string | undefined;
  startByte: number;
  /** Instagram did not say how much has arrived. */
  isGuess: boolean;
}

/**
 * Sends the film from `startByte` on, in one request: the protocol describes an offset to go on from, not pieces. What had arrived when
 * a request breaks off is kept there, and counted.
 * @throws {PlatformFault} retry: what has arrived must be asked for again; auth; {LostReply}
 */
export async function sendFilm(context: PublishContext, to: Destination): Promise<UploadOutcome> {
  const { clip } = context;
  const { accessToken } = await context.credentials();
  const answer = await context.http.send({
    method: 'POST',
    url: trusted(to.uri) ?? `https://${uploadHost}/ig-api-upload/${graphVersion}/${to.containerId}`,
    headers: { authorization: `OAuth ${accessToken}`, offset: String(to.startByte), file_size: String(clip.sizeBytes), 'content-type': 'video/mp4' },
    body: { path: clip.videoPath, startByte: to.startByte, endByte: clip.sizeBytes },
    timeoutMs: answerTimeoutMs,
    signal: context.signal,
    sent: (bytes) => context.progress((to.startByte + bytes) / clip.sizeBytes),
  });
  if (answer.status >= 500) throw new LostReply(`Instagram's upload server answered ${answer.status}`);
  const debug = readDebugInfo(answer.text);
  // What has arrived of an earlier attempt cannot be gone on from: only another container helps.
  if (debug?.type === 'OffsetInvalidError' && to.isGuess) return { kind: 'spoiled', reason: debug.message };
  if (debug) return refusedUpload(debug);
  const body = understood(answer, "Instagram's upload server");
  if (body instanceof GraphRefusal) {
    if (body.meaning === 'gone' || body.meaning === 'anew') return { kind: 'spoiled', reason: body.message };
    throw body.fault(context.nowMs());
  }
  if (body['success'] === true) return { kind: 'whole' };
  throw new PlatformFault('retry', { code: 'upload', message: 'Instagram did not say that the film has arrived', remedy: 'Nothing to do: it is asked how much has arrived, and the rest is sent.' });
}

/** The answer names the address; a token goes to no other host. */
function trusted(uri: string | undefined): string | undefined {
  if (uri === undefined || !URL.canParse(uri)) return undefined;
  const url = new URL(uri);
  return url.protocol === 'https:' && url.host === uploadHost ? url.href : undefined;
}

interface DebugInfo {
  retriable: boolean;
  type: string;
  message: string;
}

/** The upload server's own kind of error, which may come with 200. */
function readDebugInfo(text: string): DebugInfo | undefined {
  const info = parseObject(text)?.['debug_info'];
  if (typeof info !== 'object' || info === null) return undefined;
  const { retriable, type, message } = info as Record<string, unknown>;
  return { retriable: retriable === true, type: typeof type === 'string' ? type : 'unknown', message: typeof message === 'string' ? message : '' };
}

function refusedUpload({ retriable, type, message }: DebugInfo): UploadOutcome {
  if (/unauthori[sz]ed/i.test(message)) {
    throw new PlatformFault('auth', { code: type, message: "Instagram's upload server does not accept the login", remedy: 'Log in again: snvg auth login instagram' });
  }
  if (retriable || type === 'OffsetInvalidError' || type === 'PartialRequestError') {
    throw new PlatformFault('retry', { code: type, message: `Instagram did not take the rest of the film: ${message}`, remedy: 'Nothing to do: it is asked how much has arrived, and the rest is sent.' });
  }
  return { kind: 'spoiled', reason: `${type}: ${message}` };
}
