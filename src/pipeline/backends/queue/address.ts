import { SnvgError } from '../../../errors.js';
import { keepSecret } from '../../../secrets.js';

/** Where a Redis is, and as whom to go there. */
export interface RedisAddress {
  host: string;
  port: number;
  db: number;
  tls: boolean;
  username?: string;
  password?: string;
  /** For people: without the password. */
  shown: string;
}

/**
 * Reads `redis[s]://[user[:password]@]host[:port][/db]`. The password is remembered as a secret.
 * @throws {SnvgError} USAGE
 */
export function redisAddress(text: string): RedisAddress {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw refusal();
  }
  const tls = url.protocol === 'rediss:';
  if ((!tls && url.protocol !== 'redis:') || url.hostname === '') throw refusal();
  const password = decodeURIComponent(url.password);
  keepSecret(url.password, password);
  const db = /^\/?(\d{0,5})$/.exec(url.pathname)?.[1];
  if (db === undefined) throw refusal();
  const port = url.port === '' ? 6379 : Number(url.port);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    db: Number(db),
    tls,
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(password === '' ? {} : { password }),
    shown: `${url.protocol}//${url.hostname}:${port}${db === '' || db === '0' ? '' : `/${db}`}`,
  };
}

function refusal(): SnvgError {
  return new SnvgError('USAGE', 'The address given with --queue is none of a Redis', 'Give it as redis://host:6379, or rediss://user:password@host:6380/0 with a password and TLS.');
}
