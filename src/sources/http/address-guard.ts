import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { SnvgError } from '../../errors.js';

/** Finds all addresses of a host; as `dns.lookup` with `all`. */
export type Lookup = (host: string, callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void) => void;

export const lookupAll: Lookup = (host, callback) => {
  systemLookup(host, { all: true }, callback);
};

/**
 * Whether an address is one of the public internet's: not of this machine, a private network, a link, a group or a documentation
 * range; an IPv4 address inside an IPv6 one (mapped, NAT64, 6to4, Teredo) counts as what it leads to or not at all.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return parsed.range() === 'unicast';
}

/** The refusal of a host that is not public. */
export function privateAddress(host: string): SnvgError {
  return new SnvgError('SOURCE_PRIVATE_ADDRESS', `${host} is an address of this machine or of a private network`, 'If you mean it, allow it with --allow-private-network.');
}

/**
 * Refuses a host that is written as an address which is not public. Names are looked at when they are resolved to connect: what they
 * resolve to may change between two questions.
 *
 * @throws {SnvgError} SOURCE_PRIVATE_ADDRESS
 */
export function requirePublicHost(url: URL): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw privateAddress(host);
}
