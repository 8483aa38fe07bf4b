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
 * range. An IPv4 address inside an IPv6 one counts as what it leads to (mapped, NAT64) or not at all (6to4, Teredo).
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.range() === 'unicast';
  if (parsed.match(nat64)) return new ipaddr.IPv4(parsed.toByteArray().slice(12)).range() === 'unicast';
  // Site-local, IPv4-compatible and unassigned ones are nobody's out there.
  return parsed.range() === 'unicast' && parsed.match(globalUnicast);
}

/** Where networks without IPv4 find the rest of the internet (RFC 6052). */
const nat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
/** All that has been given out so far (IANA, checked 2025-11). */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

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
