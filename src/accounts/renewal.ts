import { SnvgError } from '../errors.js';
import type { AccountPolicy, TokenRequest, TokenSet } from '../publishers/credentials.js';
import { LostReply } from '../publishers/faults.js';
import { authNeeded } from './auth-errors.js';
import type { Locks } from './locks.js';
import { GrantRefused, refreshTokens } from './token-endpoint.js';
import type { Login, OAuth2Tokens } from './vault-content.js';

/** Access tokens are renewed this long before they end, so that none ends within a step; short-lived ones in the last quarter of their life. */
const aheadMs = 5 * 60_000;
/** Access tokens that are exchanged for younger ones live for weeks and cannot be renewed once they have ended. */
const exchangeAheadMs = 10 * 24 * 3_600_000;
/** A clock this much behind the moment a token came has been set back: when the token ends is not known any more. */
const clockSlackMs = 5 * 60_000;

/** Where a login is kept, whoever it belongs to. */
export interface LoginPlace {
  /** For people: `x:main`. */
  label: string;
  /** What to do when the login is over, as a sentence. */
  remedy: string;
  lockName: string;
  read(): Promise<Login | undefined>;
  /** Durable when it returns. */
  write(login: Login): Promise<void>;
  /** Said in place of a renewal whose successor could not be kept. */
  refuseRotation?: () => SnvgError | undefined;
}

export interface RenewalContext {
  policy: AccountPolicy;
  locks: Locks;
  request: Omit<TokenRequest, 'client'>;
}

/** The login, renewed first when it is about to end. @throws {SnvgError} AUTH_NEEDED, APP_MISSING, AUTH_READ_ONLY; {LostReply} */
export async function currentLogin(place: LoginPlace, context: RenewalContext): Promise<Login> {
  const login = await required(place);
  return isDue(login, context) ? renewed(place, context, (again) => !isDue(again, context)) : login;
}

/** The login after the platform refused this access token. Renews nothing when another process has done so. @throws as `currentLogin` */
export function renewedLogin(place: LoginPlace, context: RenewalContext, rejectedAccessToken: string): Promise<Login> {
  return renewed(place, context, (login) => login.tokens.accessToken !== rejectedAccessToken && !isDue(login, context), rejectedAccessToken);
}

/** Renews whatever the state. @throws as `currentLogin` */
export async function forcedLogin(place: LoginPlace, context: RenewalContext): Promise<Login> {
  const before = await required(place);
  return renewed(place, context, (login) => login.tokens.accessToken !== before.tokens.accessToken, before.tokens.accessToken);
}

/** Whether the access token has ended, by what was said when it came. */
export function hasEnded(tokens: Login['tokens'], nowMs: number): boolean {
  return tokens.kind === 'oauth2' && tokens.expiresAtMs !== null && tokens.expiresAtMs <= nowMs;
}

function isDue({ tokens }: Login, { policy, request }: RenewalContext): boolean {
  if (tokens.kind === 'oauth1') return false;
  const nowMs = request.nowMs();
  if (tokens.expiresAtMs === null) return false;
  if (nowMs < tokens.receivedAtMs - clockSlackMs) return true;
  const lifetimeMs = tokens.expiresAtMs - tokens.receivedAtMs;
  return tokens.expiresAtMs - nowMs <= Math.min(policy.refreshTokens === 'exchanged' ? exchangeAheadMs : aheadMs, lifetimeMs / 4);
}

async function required(place: LoginPlace): Promise<Login> {
  const login = await place.read();
  if (!login) throw authNeeded(`There is no login to ${place.label} any more`, place.remedy);
  if (login.ended) throw authNeeded(`The login to ${place.label} has ended: ${login.ended.reason}`, place.remedy);
  return login;
}

function renewed(place: LoginPlace, context: RenewalContext, suffices: (login: Login) => boolean, rejected?: string): Promise<Login> {
  return context.locks.run(place.lockName, context.request.signal, async () => {
    // What another process did while this one waited counts.
    const login = await required(place);
    if (suffices(login)) return login;
    return new Renewal(place, context, login, rejected).run();
  });
}

/** One use of a refresh token. */
class Renewal {
  readonly #place: LoginPlace;
  readonly #context: RenewalContext;
  readonly #login: Login;
  readonly #rejected: string | undefined;

  constructor(place: LoginPlace, context: RenewalContext, login: Login, rejected: string | undefined) {
    this.#place = place;
    this.#context = context;
    this.#login = login;
    this.#rejected = rejected;
  }

  async run(): Promise<Login> {
    const { tokens } = this.#login;
    const { policy } = this.#context;
    const place = this.#place;
    if (tokens.kind === 'oauth1') throw await this.#end('the platform no longer takes its token, and OAuth 1.0a has none to renew it with');
    if (policy.refreshTokens !== 'exchanged' && tokens.refreshToken === null) {
      if (this.#stillGood()) return this.#login;
      throw await this.#end(this.#rejected === undefined ? 'its access token has expired, and there is no refresh token' : 'the platform no longer takes its access token, and there is no refresh token');
    }
    const rotates = policy.refreshTokens === 'rotated';
    const refusal = rotates ? place.refuseRotation?.() : undefined;
    if (refusal) throw refusal;
    const client = this.#client();
    // Whoever finds this later knows why the old token is refused. It is also the proof that the successor can be kept.
    if (rotates) await place.write({ ...this.#login, renewing: { sinceMs: this.#login.renewing?.sinceMs ?? this.#nowMs() } });
    let answer: TokenSet;
    try {
      answer = await refreshTokens(policy, { accessToken: tokens.accessToken, ...(tokens.refreshToken === null ? {} : { refreshToken: tokens.refreshToken }) }, { ...this.#context.request, client });
    } catch (error) {
      return this.#refused(error);
    }
    const next = this.#successor(tokens, answer);
    await place.write(next);
    return next;
  }

  #nowMs(): number {
    return this.#context.request.nowMs();
  }

  /** The access token at hand may be used in the meantime. */
  #stillGood(): boolean {
    return this.#rejected === undefined && !hasEnded(this.#login.tokens, this.#nowMs());
  }

  #client(): { clientId: string; clientSecret?: string } {
    const { client } = this.#login;
    if (!client) {
      // Platforms whose own renewal needs no app get an empty one.
      if (this.#context.policy.refresh && this.#context.policy.clientAuthentication === 'public') return { clientId: '' };
      throw new SnvgError('APP_MISSING', `To renew the login to ${this.#place.label}, the client id of its app is needed`, `Set the _CLIENT_ID variable (and _CLIENT_SECRET) beside the token's. ${this.#context.policy.registerHint}`);
    }
    return { clientId: client.clientId, ...(client.clientSecret === null ? {} : { clientSecret: client.clientSecret }) };
  }

  #successor(before: OAuth2Tokens, answer: TokenSet): Login {
    const tokens: OAuth2Tokens = {
      kind: 'oauth2',
      accessToken: answer.accessToken,
      refreshToken: answer.refreshToken ?? before.refreshToken,
      expiresAtMs: answer.expiresAtMs,
      refreshExpiresAtMs: answer.refreshExpiresAtMs === undefined ? before.refreshExpiresAtMs : answer.refreshExpiresAtMs,
      scopes: answer.scopes.length > 0 ? [...answer.scopes] : before.scopes,
      receivedAtMs: this.#nowMs(),
    };
    return { ...this.#login, tokens, renewing: null };
  }

  /** What a renewal without new tokens means. */
  async #refused(error: unknown): Promise<Login> {
    if (error instanceof LostReply) return this.#lost(error);
    if (!(error instanceof GrantRefused)) throw error;
    if (error.error === 'invalid_client' || error.error === 'unauthorized_client') {
      await this.#unmark();
      throw authNeeded(`The platform does not know the app of the login to ${this.#place.label} (${error.error}): ${error.message}`, `Check its client id and secret. ${this.#context.policy.registerHint}`, error);
    }
    const { renewing } = this.#login;
    // Not every platform says invalid_grant then: X says invalid_request.
    if (renewing) {
      throw await this.#end(`the answer to a renewal begun at ${iso(renewing.sinceMs)} was lost, and with it the new refresh token; the platform has ended the old one (${error.error})`, error);
    }
    throw await this.#end(`the platform does not renew it (${error.error}): ${this.#hint(error)}`, error);
  }

  /** After a lost reply a rotated token may be dead; a kept one is as good as before. */
  async #lost(error: LostReply): Promise<Login> {
    if (error.unreached) await this.#unmark();
    const harmless = error.unreached || this.#context.policy.refreshTokens !== 'rotated';
    if (harmless && this.#stillGood()) return this.#login;
    throw error;
  }

  /** The mark of an earlier renewal stays: that one's answer is still lost. */
  async #unmark(): Promise<void> {
    if (this.#context.policy.refreshTokens === 'rotated' && this.#login.renewing === null) await this.#place.write(this.#login);
  }

  #hint(error: GrantRefused): string {
    const { testingLifetimeDays } = this.#context.policy;
    const ageDays = (this.#nowMs() - this.#login.grantedAtMs) / 86_400_000;
    if (error.error !== 'invalid_grant') return error.message;
    if (testingLifetimeDays !== undefined && ageDays >= testingLifetimeDays - 0.5) {
      return `it is ${Math.floor(ageDays)} days old, and logins of apps in testing end after ${testingLifetimeDays}; publish the app (“In production”) to make them last`;
    }
    return 'it was revoked, used elsewhere, or has expired';
  }

  async #end(reason: string, cause?: unknown): Promise<SnvgError> {
    await this.#place.write({ ...this.#login, renewing: null, ended: { atMs: this.#nowMs(), reason } });
    return authNeeded(`The login to ${this.#place.label} has ended: ${reason}`, this.#place.remedy, cause);
  }
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
