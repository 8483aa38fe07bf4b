import type { StandIn, StandInAnswer, StandInRequest } from './stand-in.js';

/**
 * What goes wrong with one request.
 * `drop-before`: the connection breaks and the platform saw nothing. `drop-after`: it took effect, the reply is lost.
 * `half-body`: it took effect, the reply breaks off. `status`: the platform refuses with its own error body, without effect.
 * `error-after`: it took effect and yet answers with a server's error. `duplicate`: the network delivers it twice, the second reply arrives.
 * `slow`: it takes effect after the caller has given up.
 */
export type Fault = { kind: 'drop-before' } | { kind: 'drop-after' } | { kind: 'half-body' } | { kind: 'status'; status: number } | { kind: 'error-after'; status: number } | { kind: 'duplicate' } | { kind: 'slow' };

/** Chooses the fault of a request, if any. */
export type FaultScript = (request: StandInRequest) => Fault | undefined;

/** What reached the caller. `whole: false`: the connection broke (after `answer`'s first half, when there is one). */
export type Delivery = { whole: true; answer: StandInAnswer } | { whole: false; answer: StandInAnswer | undefined; silent?: boolean };

/** Delivers a request to a stand-in with the fault that the script has for it. */
export async function deliver(standIn: StandIn, request: StandInRequest, script: FaultScript): Promise<Delivery> {
  const fault = script(request);
  switch (fault?.kind) {
    case undefined:
      return { whole: true, answer: await standIn.handle(request) };
    case 'drop-before':
      return { whole: false, answer: undefined };
    case 'status':
      return { whole: true, answer: standIn.refusal(fault.status) };
    case 'drop-after':
      await standIn.handle(request);
      return { whole: false, answer: undefined };
    case 'slow':
      await standIn.handle(request);
      return { whole: false, answer: undefined, silent: true };
    case 'half-body':
      return { whole: false, answer: await standIn.handle(request) };
    case 'error-after':
      await standIn.handle(request);
      return { whole: true, answer: standIn.refusal(fault.status) };
    case 'duplicate': {
      const bytes = await collected(request);
      const again = (): StandInRequest => ({ ...request, body: () => once(bytes) });
      await standIn.handle(again());
      return { whole: true, answer: await standIn.handle(again()) };
    }
  }
}

async function collected(request: StandInRequest): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request.body()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}
