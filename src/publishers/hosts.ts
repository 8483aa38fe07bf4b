import { SnvgError } from '../errors.js';

/**
 * Where requests to a host really go: `{"www.googleapis.com": "http://127.0.0.1:9000/www.googleapis.com"}`. The request's path is
 * appended to the base. `*` stands for every host that is not named; its base gets the host itself appended first, so
 * `{"*": "http://127.0.0.1:9000"}` is the same for all hosts, also those that a platform hands out.
 */
export type HostMap = Readonly<Record<string, string>>;

/** Resolves the platform's address to the one that is asked. */
export type HostResolver = (address: string) => URL;

/**
 * Checks a host map and makes it a function.
 * @throws {SnvgError} CONFIG_INVALID for a name that is no host, a base that is no address, or plain http to another machine (tokens would travel in clear)
 */
export function hostResolver(hosts: HostMap): HostResolver {
  const bases = new Map<string, URL>();
  for (const [host, base] of Object.entries(hosts)) {
    if (host !== '*' && !isHost(host)) throw new SnvgError('CONFIG_INVALID', `hosts: ${JSON.stringify(host)} is not a host`, 'Name hosts without scheme and path, such as "www.googleapis.com", or "*" for every other one.');
    bases.set(host.toLowerCase(), readBase(host, base));
  }
  const others = bases.get('*');
  return (address) => {
    const url = new URL(address);
    const own = bases.get(url.host);
    if (own) return under(own, '', url);
    return others ? under(others, `/${url.host}`, url) : url;
  };
}

function isHost(text: string): boolean {
  const url = URL.canParse(`https://${text}`) ? new URL(`https://${text}`) : undefined;
  return url !== undefined && url.host === text.toLowerCase();
}

function readBase(host: string, base: string): URL {
  const url = URL.canParse(base) ? new URL(base) : undefined;
  const entry = `hosts: ${JSON.stringify(host)} leads to an address`;
  // The address is not repeated in messages: what is wrong with it may be a password.
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') {
    throw new SnvgError('CONFIG_INVALID', `${entry} that is not plain http(s)`, 'Write it as "https://proxy.example/youtube", without query and credentials.');
  }
  if (url.protocol === 'http:' && !isThisMachine(url.hostname)) {
    throw new SnvgError('CONFIG_INVALID', `${entry} to which logins would travel unencrypted`, 'Use https, or an address of this machine such as http://127.0.0.1:9000.');
  }
  return url;
}

function isThisMachine(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function under(base: URL, between: string, url: URL): URL {
  // Put together as text: setting `pathname` would encode anew what the platform has encoded already.
  return new URL(`${base.origin}${base.pathname.replace(/\/$/, '')}${between}${url.pathname}${url.search}`);
}
