import { once } from 'node:events';
import { request as plainRequest, type IncomingMessage } from 'node:http';
import { request as encryptedRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { SnvgError } from '../../errors.js';
import { Retryable } from '../remote-object.js';
import { isPublicAddress, type Lookup, lookupAll, privateAddress, requirePublicHost } from './address-guard.js';

export interface HttpAccess {
  allowPrivateNetwork: boolean;
  /** In place of the system's resolver. */
  lookup?: Lookup;
  /** Without a byte for this long, a connection is given up. */
  silenceMs: number;
}

/**
 * Asks for one address and returns the answer as soon as its headers are there; redirects are answers like others. Node's own client:
 * undici 7.30 ends the whole program (an assertion in a socket's event) when a server of HTTP/1.0 closes while its bytes wait.
 *
 * @throws {SnvgError} SOURCE_PRIVATE_ADDRESS
 * @throws {Retryable} nobody answers
 */
export async function ask(url: URL, headers: Record<string, string>, { access, signal }: { access: HttpAccess; signal: AbortSignal }): Promise<IncomingMessage> {
  if (!access.allowPrivateNetwork) requirePublicHost(url);
  const send = url.protocol === 'https:' ? encryptedRequest : plainRequest;
  // The parts of the address one by one: its user name and password are not Node's to send.
  const sent = send({
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    ...(url.port === '' ? {} : { port: url.port }),
    path: `${url.pathname}${url.search}`,
    headers,
    // A connection of its own, which nobody finds half closed later.
    agent: false,
    timeout: access.silenceMs,
    lookup: guardedLookup(access),
    signal,
  });
  sent.on('timeout', () => sent.destroy(new Retryable(`${url.host} is silent`)));
  // Also for as long as the answer is read: what breaks then is told by the answer's own stream.
  sent.on('error', () => {});
  sent.end();
  try {
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return response;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SnvgError || error instanceof Retryable) throw error;
    throw new Retryable(describe(error, url.host), { cause: error, unreached: true });
  }
}

/** Resolves names and lets through public addresses alone: checked where the connection is made, so that no second answer can differ. */
function guardedLookup({ allowPrivateNetwork, lookup = lookupAll }: HttpAccess): LookupFunction {
  return (host, options, callback) => {
    lookup(host, (error, addresses) => {
      const allowed = allowPrivateNetwork ? addresses : addresses?.filter(({ address }) => isPublicAddress(address));
      const [first] = allowed ?? [];
      if (error || !first) callback(error ?? privateAddress(host), '', 0);
      else if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

function describe(error: unknown, host: string): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `${host} is not known`;
  if (code === 'ECONNREFUSED') return `${host} does not answer`;
  return `the connection to ${host} failed (${code ?? (error instanceof Error ? error.message : 'unknown reason')})`;
}
