import { createHmac, randomBytes } from 'node:crypto';

/** The four secrets of a request in a user's name, OAuth 1.0a. */
export interface OAuth1Keys {
  consumerKey: string;
  consumerSecret: string;
  accessToken: string;
  tokenSecret: string;
}

/**
 * The Authorization header of a request (RFC 5849, HMAC-SHA1, as X's "Creating a signature" describes). Bodies of JSON and of
 * multipart forms take no part in the signature; the address's query does. Own code because X's client signs with the machine's
 * clock and keeps its signer to itself.
 */
export function oauth1Header(method: string, url: URL, keys: OAuth1Keys, nowMs: number, nonce: string = randomBytes(16).toString('hex')): string {
  const oauth: Record<string, string> = {
    oauth_consumer_key: keys.consumerKey,
    oauth_nonce: nonce,
    oauth_signature_method: 'HMAC-SHA1',
    oauth_timestamp: String(Math.floor(nowMs / 1000)),
    oauth_token: keys.accessToken,
    oauth_version: '1.0',
  };
  oauth['oauth_signature'] = signature(method, url, oauth, keys);
  const fields = Object.entries(oauth).map(([name, value]) => `${encoded(name)}="${encoded(value)}"`);
  return `OAuth ${fields.toSorted().join(', ')}`;
}

function signature(method: string, url: URL, oauth: Record<string, string>, keys: OAuth1Keys): string {
  const pairs = [...Object.entries(oauth), ...url.searchParams].map(([name, value]) => `${encoded(name)}=${encoded(value)}`);
  const base = [method, encoded(`${url.origin}${url.pathname}`), encoded(pairs.toSorted().join('&'))].join('&');
  return createHmac('sha1', `${encoded(keys.consumerSecret)}&${encoded(keys.tokenSecret)}`).update(base).digest('base64');
}

/** RFC 3986's unreserved characters stay, all others are escaped. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
