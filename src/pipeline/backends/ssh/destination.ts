import { SnvgError } from '../../../errors.js';

/** A machine as the person's `ssh` knows it. */
export interface Destination {
  user: string | undefined;
  /** A name, an alias of the person's ssh config, or an address; IPv6 without brackets. */
  host: string;
  port: number | undefined;
}

/** Letters of scripts other than Latin are left out: what ssh hands to a ProxyCommand goes through a shell. */
const namePattern = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?\.?$/;
const userPattern = /^[A-Za-z0-9_][A-Za-z0-9._@+-]*$/;
const ipv6Pattern = /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%[A-Za-z0-9._-]+)?$/;

/**
 * Reads `[user@]host[:port]`; an IPv6 address with a port stands in brackets. What could become an option, a shell's text or a ProxyCommand's
 * is refused.
 * @throws {SnvgError} USAGE
 */
export function parseDestination(text: string): Destination {
  const refuse = (why: string): never => {
    throw new SnvgError('USAGE', `${JSON.stringify(text)} is no host: ${why}`, 'Name it as you would for ssh: [user@]host[:port], such as ada@render1 or [fd00::7]:2222. What needs more goes into your ~/.ssh/config under a name of its own.');
  };
  if (text.length > 320) refuse('it is too long');
  const at = text.lastIndexOf('@');
  const user = at === -1 ? undefined : text.slice(0, at);
  if (user !== undefined && !userPattern.test(user)) refuse(user.startsWith('-') ? 'a user cannot begin with -' : 'the user has characters that no account name has');
  const { host, port } = splitPort(text.slice(at + 1));
  if (host === '') refuse('there is no host name in it');
  if (host.startsWith('-')) refuse('a host cannot begin with -');
  if (!namePattern.test(host) && !ipv6Pattern.test(host)) refuse('the host has characters that no host name has');
  const number = port === undefined ? undefined : Number(port);
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && number !== undefined && number >= 1 && number <= 65_535)) refuse('its port is not a number from 1 to 65535');
  return { user, host, port: number };
}

function splitPort(text: string): { host: string; port: string | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  if (bracketed) return { host: bracketed[1] ?? '', port: bracketed[2] };
  const colon = text.indexOf(':');
  // Two colons without brackets: an IPv6 address without a port.
  if (colon === -1 || text.indexOf(':', colon + 1) !== -1) return { host: text, port: undefined };
  return { host: text.slice(0, colon), port: text.slice(colon + 1) };
}

/** The one way to write a destination: what `parseDestination` reads back. */
export function formatDestination({ user, host, port }: Destination): string {
  const address = port !== undefined && host.includes(':') ? `[${host}]` : host;
  return `${user === undefined ? '' : `${user}@`}${address}${port === undefined ? '' : `:${port}`}`;
}
