import { type HttpAnswer, type HttpRequest, type HttpTransport } from '../publishers/http.js';
import { LostReply } from '../publishers/faults.js';
import { bodyBytes } from '../publishers/request-body.js';
import { deliver, type FaultScript } from './faults.js';
import { type StandIn, standInFor, type StandInRequest } from './stand-in.js';

/** A transport that leads straight into stand-ins, without sockets: the same bytes, the same faults. */
export function inProcessTransport(standIns: readonly StandIn[], script: FaultScript = () => undefined): HttpTransport {
  return {
    async send(request: HttpRequest): Promise<HttpAnswer> {
      request.signal.throwIfAborted();
      const url = new URL(request.url);
      const standIn = standInFor(standIns, url.host);
      if (!standIn) throw new LostReply(`${url.host} is not known`, { unreached: true });
      const delivery = await deliver(standIn, asSeen(request, url), script);
      if (!delivery.whole) throw new LostReply(delivery.silent ? `${url.host} is silent` : `the connection to ${url.host} broke`);
      const { status, headers = {}, body } = delivery.answer;
      const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
      return { status, headers: lowerCase({ ...(typeof body === 'object' ? { 'content-type': 'application/json; charset=utf-8' } : {}), ...headers }), text };
    },
  };
}

function asSeen(request: HttpRequest, url: URL): StandInRequest {
  const body = bodyBytes(request.body);
  const headers = lowerCase({
    host: url.host,
    ...(body || request.method !== 'GET' ? { 'content-length': String(body?.sizeBytes ?? 0) } : {}),
    ...(body?.contentType === undefined ? {} : { 'content-type': body.contentType }),
    ...request.headers,
  });
  return {
    method: request.method,
    url,
    headers,
    body: async function* () {
      let sent = 0;
      for await (const chunk of body?.read() ?? []) {
        yield chunk;
        sent += chunk.length;
        request.sent?.(sent);
      }
    },
  };
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
