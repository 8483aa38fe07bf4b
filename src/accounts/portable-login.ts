import { z } from 'zod';
import { SnvgError } from '../errors.js';
import { keepSecret } from '../secrets.js';
import type { Login, StoredAccount } from './vault-content.js';

/** Ends as `export` writes it; version 1. Times are ISO dates. */
export interface PortableLogin {
  snvgLogin: 1;
  platform: string;
  accountId: string;
  accountName: string;
  grantedAt: string;
  clientId?: string;
  clientSecret?: string;
  accessToken: string;
  refreshToken?: string;
  expiresAt?: string;
  refreshExpiresAt?: string;
  scopes?: string[];
  consumerKey?: string;
  consumerSecret?: string;
  tokenSecret?: string;
}

const text = z.string().min(1);
const when = z.string().refine((value) => !Number.isNaN(Date.parse(value)));

/** Our own form, what token endpoints answer (RFC 6749), Google's `authorized_user`, and Go's `oauth2.Token` files. */
const incoming = z.object({
  platform: text.optional(),
  accountId: text.optional(),
  grantedAt: when.optional(),
  clientId: text.optional(),
  client_id: text.optional(),
  client_key: text.optional(),
  clientSecret: text.optional(),
  client_secret: text.optional(),
  accessToken: text.optional(),
  access_token: text.optional(),
  token: text.optional(),
  refreshToken: text.optional(),
  refresh_token: text.optional(),
  expiresAt: when.optional(),
  expiry: when.optional(),
  expires_in: z.coerce.number().nonnegative().optional(),
  refreshExpiresAt: when.optional(),
  scopes: z.union([z.array(text), text]).optional(),
  scope: z.string().optional(),
  consumerKey: text.optional(),
  consumer_key: text.optional(),
  consumerSecret: text.optional(),
  consumer_secret: text.optional(),
  tokenSecret: text.optional(),
  token_secret: text.optional(),
});

export function portable({ platform, id, accountName, login }: StoredAccount): PortableLogin {
  const { tokens, client } = login;
  const common = { snvgLogin: 1 as const, platform, accountId: id, accountName, grantedAt: iso(login.grantedAtMs), ...(client ? { clientId: client.clientId } : {}), ...(client?.clientSecret ? { clientSecret: client.clientSecret } : {}) };
  if (tokens.kind === 'oauth1') return { ...common, accessToken: tokens.accessToken, tokenSecret: tokens.tokenSecret, consumerKey: tokens.consumerKey, consumerSecret: tokens.consumerSecret };
  return {
    ...common,
    accessToken: tokens.accessToken,
    ...(tokens.refreshToken === null ? {} : { refreshToken: tokens.refreshToken }),
    ...(tokens.expiresAtMs === null ? {} : { expiresAt: iso(tokens.expiresAtMs) }),
    ...(tokens.refreshExpiresAtMs === null ? {} : { refreshExpiresAt: iso(tokens.refreshExpiresAtMs) }),
    ...(tokens.scopes.length === 0 ? {} : { scopes: tokens.scopes }),
  };
}

/** What was given to `import`, as a login whose owner is still to be asked for. */
export interface IncomingLogin {
  platform: string | undefined;
  accountId: string | undefined;
  login: Login;
}

/**
 * Reads a login from JSON. No part of it is shown in an error.
 * @param client the app of the environment or of flags, which goes before the JSON's
 * @throws {SnvgError} USAGE
 */
export function readPortable(json: string, client: { clientId: string | undefined; clientSecret: string | undefined }, nowMs: number): IncomingLogin {
  const given = parsed(json);
  const clientId = client.clientId ?? given.clientId ?? given.client_id ?? given.client_key;
  const clientSecret = client.clientSecret ?? given.clientSecret ?? given.client_secret;
  const accessToken = given.accessToken ?? given.access_token ?? given.token;
  const refreshToken = given.refreshToken ?? given.refresh_token;
  const [consumerKey, consumerSecret, tokenSecret] = [given.consumerKey ?? given.consumer_key, given.consumerSecret ?? given.consumer_secret, given.tokenSecret ?? given.token_secret];
  keepSecret(accessToken, refreshToken, clientSecret, consumerKey, consumerSecret, tokenSecret);
  const rest = { client: clientId === undefined ? null : { clientId, clientSecret: clientSecret ?? null }, grantedAtMs: given.grantedAt === undefined ? nowMs : Date.parse(given.grantedAt), renewing: null, ended: null };
  const owner = { platform: given.platform, accountId: given.accountId };
  if (consumerKey !== undefined || consumerSecret !== undefined || tokenSecret !== undefined) {
    if (consumerKey === undefined || consumerSecret === undefined || tokenSecret === undefined || accessToken === undefined) throw refused('an OAuth 1.0a login needs consumerKey, consumerSecret, token and tokenSecret');
    return { ...owner, login: { ...rest, tokens: { kind: 'oauth1', consumerKey, consumerSecret, accessToken, tokenSecret } } };
  }
  if (accessToken === undefined && refreshToken === undefined) throw refused('it holds neither an access token nor a refresh token');
  const expiry = given.expiresAt ?? given.expiry;
  const expiresAtMs = accessToken === undefined ? 0 : expiry !== undefined ? Date.parse(expiry) : given.expires_in !== undefined ? nowMs + given.expires_in * 1_000 : null;
  const scopes = given.scopes ?? given.scope;
  return {
    ...owner,
    login: {
      ...rest,
      tokens: {
        kind: 'oauth2',
        accessToken: accessToken ?? '',
        refreshToken: refreshToken ?? null,
        expiresAtMs,
        refreshExpiresAtMs: given.refreshExpiresAt === undefined ? null : Date.parse(given.refreshExpiresAt),
        scopes: typeof scopes === 'string' ? scopes.split(/[ ,]+/).filter((scope) => scope !== '') : (scopes ?? []),
        receivedAtMs: nowMs,
      },
    },
  };
}

function parsed(json: string): z.infer<typeof incoming> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw refused('it is not JSON');
  }
  const read = incoming.safeParse(value);
  if (read.success) return read.data;
  throw refused(`${read.error.issues.map(({ path }) => path.join('.') || 'it').join(', ')} cannot be used`);
}

function refused(why: string): SnvgError {
  return new SnvgError('USAGE', `This is no login: ${why}`, 'Give JSON as snvg auth export writes it, or as a token endpoint answers it: {"access_token": …, "refresh_token": …} (docs/accounts.md).');
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
