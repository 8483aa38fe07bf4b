import { LostReply } from '../faults.js';
import type { HttpAnswer } from '../http.js';
import type { PublishContext } from '../publisher.js';
import { GraphRefusal, readGraphError } from './graph-fault.js';
import { graphVersion } from './limits.js';

export type GraphBody = Record<string, unknown>;

/** The part of a publisher's context that a request takes. */
export type GraphContext = Pick<PublishContext, 'http' | 'signal' | 'nowMs' | 'credentials'>;

interface GraphRequest {
  method: 'GET' | 'POST';
  /** Below the version: `<id>/media`. */
  path: string;
  query?: Readonly<Record<string, string>>;
  json?: Readonly<Record<string, unknown>>;
}

/** Sends one request to the Graph API; a refusal is an outcome. @throws {LostReply} nobody knows; {PlatformFault} nobody is logged in */
export async function askGraph(context: GraphContext, request: GraphRequest): Promise<GraphBody | GraphRefusal> {
  const { accessToken } = await context.credentials();
  const url = new URL(`https://graph.facebook.com/${graphVersion}/${request.path}`);
  for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value);
  const answer = await context.http.send({
    method: request.method,
    url: url.href,
    // In the header and never in the address, which proxies write down.
    headers: { authorization: `Bearer ${accessToken}`, accept: 'application/json', ...(request.json ? { 'content-type': 'application/json' } : {}) },
    ...(request.json ? { body: JSON.stringify(request.json) } : {}),
    signal: context.signal,
  });
  return understood(answer, 'Instagram');
}

/** As `askGraph`, for steps in which a refusal had no effect. @throws {PlatformFault}, {LostReply} */
export async function callGraph(context: GraphContext, request: GraphRequest): Promise<GraphBody> {
  const outcome = await askGraph(context, request);
  if (outcome instanceof GraphRefusal) throw outcome.fault(context.nowMs());
  return outcome;
}

/** An answer as the Graph API's, success or refusal. @throws {LostReply} a server's failure, or not JSON of Meta's */
export function understood(answer: HttpAnswer, who: string): GraphBody | GraphRefusal {
  if (answer.status >= 500) throw new LostReply(`${who} answered with the server error ${answer.status}`);
  const body = parseObject(answer.text);
  if (!body) throw new LostReply(`${who} answered ${answer.status} with something unreadable`);
  const error = readGraphError(body);
  if (error) return new GraphRefusal(error, answer.headers);
  if (answer.status >= 300) throw new LostReply(`${who} answered ${answer.status} without saying why`);
  return body;
}

/** Undefined when it is not a JSON object. */
export function parseObject(text: string): GraphBody | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as GraphBody) : undefined;
  } catch {
    return undefined;
  }
}
