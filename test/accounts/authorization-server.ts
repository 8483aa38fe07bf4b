import { createHash, randomBytes } from 'node:crypto';
import type { AccountPolicy } from '../../src/publishers/credentials.js';
import { PlatformFault } from '../../src/publishers/faults.js';
import type { StandIn, StandInAnswer, StandInRequest } from '../../src/sandbox/stand-in.js';

interface Person {
  id: string;
  name: string;
}

interface Grant {
  person: Person;
  scopes: string[];
  alive: boolean;
}

export interface ServerTraits {
  nowMs(): number;
  /** Each use of a refresh token ends it and makes another. */
  rotates?: boolean;
  accessLifetimeMs?: number;
  /** Announced with each refresh token. */
  refreshLifetimeMs?: number;
  /** Null: a public client. */
  clientSecret?: string | null;
  authentication?: 'basic' | 'body';
  challenge?: 'base64url' | 'hex';
}

/**
 * An authorization server as RFC 6749 (codes, refresh), 7636 (PKCE, S256 only), 7009 (revocation) and 8628 (device) have it, strictly,
 * with a resource that says whose token it is. The person agrees to whatever is asked unless told otherwise.
 */
export class AuthorizationServer implements StandIn {
  readonly id = 'example';
  readonly hosts = ['auth.example', 'api.example'];
  /** Who is logged in to the browser. */
  person: Person = { id: 'A1', name: '@ada' };
  /** Null: to all that is asked. */
  agreesTo: string[] | null = null;
  refuses = false;
  /** Successful uses of refresh tokens, and all attempts. */
  refreshes = 0;
  attempts = 0;
  deviceAnswers: ('pending' | 'slow' | 'agreed' | 'denied' | 'expired')[] = [];
  readonly #traits: Required<ServerTraits>;
  readonly #codes = new Map<string, { grant: Grant; redirectUri: string; challenge: string; untilMs: number; used: boolean }>();
  readonly #access = new Map<string, { grant: Grant; untilMs: number }>();
  readonly #refresh = new Map<string, { grant: Grant; spent: boolean }>();
  readonly #devices = new Map<string, Grant>();

  constructor(traits: ServerTraits) {
    this.#traits = { rotates: true, accessLifetimeMs: 3_600_000, refreshLifetimeMs: 0, clientSecret: 'the client secret', authentication: 'basic', challenge: 'base64url', ...traits };
  }

  policy(changes: Partial<AccountPolicy> = {}): AccountPolicy {
    return {
      authorizeUrl: 'https://auth.example/authorize',
      tokenUrl: 'https://auth.example/token',
      deviceUrl: 'https://auth.example/device',
      revokeUrl: 'https://auth.example/revoke',
      scopes: ['video.write', 'profile.read'],
      scopeSeparator: ' ',
      pkce: this.#traits.challenge === 'hex' ? 'S256-hex' : 'S256',
      clientIdParameter: 'client_id',
      clientAuthentication: this.#traits.clientSecret === null ? 'public' : this.#traits.authentication,
      refreshTokens: this.#traits.rotates ? 'rotated' : 'kept',
      oauth1: true,
      registerHint: 'Register an app at https://example.org/apps.',
      whoami: async ({ accessToken }, { http, signal }) => {
        const answer = await http.send({ method: 'GET', url: 'https://api.example/me', headers: { authorization: `Bearer ${accessToken}` }, signal });
        if (answer.status === 429) throw new PlatformFault('retry', { code: 'slow', message: 'too many questions', remedy: 'Wait.' });
        if (answer.status !== 200) throw new PlatformFault('auth', { code: 'invalid_token', message: `the platform does not take ${accessToken}`, remedy: '' });
        return JSON.parse(answer.text) as { id: string; name: string };
      },
      ...changes,
    };
  }

  /** Tokens as after a login. */
  issue(person: Person = this.person, scopes: readonly string[] = ['video.write', 'profile.read']): { accessToken: string; refreshToken: string; expiresAtMs: number } {
    const answer = this.#tokens({ person, scopes: [...scopes], alive: true });
    return { accessToken: answer['access_token'] as string, refreshToken: answer['refresh_token'] as string, expiresAtMs: this.#traits.nowMs() + this.#traits.accessLifetimeMs };
  }

  /** Ends everything that was granted, as a person does in the platform's settings. */
  revokeAll(): void {
    for (const { grant } of this.#refresh.values()) grant.alive = false;
  }

  /** The access token alone. */
  expire(accessToken: string): void {
    this.#access.delete(accessToken);
  }

  isAlive(refreshToken: string): boolean {
    const found = this.#refresh.get(refreshToken);
    return found !== undefined && !found.spent && found.grant.alive;
  }

  posts(): [] {
    return [];
  }

  refusal(status: number): StandInAnswer {
    return { status, body: { error: status >= 500 ? 'server_error' : 'invalid_request' } };
  }

  async handle(request: StandInRequest): Promise<StandInAnswer> {
    const { method, url } = request;
    switch (`${method} ${url.host}${url.pathname}`) {
      case 'GET auth.example/authorize':
        return this.#authorize(url.searchParams);
      case 'POST auth.example/token':
        return this.#asClient(request, (form) => this.#token(form));
      case 'POST auth.example/device':
        return this.#asClient(request, (form) => this.#device(form));
      case 'POST auth.example/revoke':
        return this.#asClient(request, (form) => this.#revoke(form));
      case 'GET api.example/me': {
        const found = this.#access.get(/^Bearer (.+)$/.exec(request.headers['authorization'] ?? '')?.[1] ?? '');
        const valid = found !== undefined && found.untilMs > this.#traits.nowMs() && found.grant.alive;
        return valid ? { status: 200, body: found.grant.person } : { status: 401, body: { error: 'invalid_token' } };
      }
      default:
        return { status: 404, body: { error: 'not_found' } };
    }
  }

  #authorize(query: URLSearchParams): StandInAnswer {
    const redirectUri = query.get('redirect_uri') ?? '';
    if (query.get('client_id') !== 'the-client' || !/^http:\/\/(127\.0\.0\.1|localhost)(:\d+)?\/callback$/.test(redirectUri)) return { status: 400, body: 'The app or its redirect address is not registered.' };
    const back = (parameters: Record<string, string>): StandInAnswer => {
      const target = new URL(redirectUri);
      for (const [name, value] of Object.entries({ ...parameters, state: query.get('state') ?? '' })) target.searchParams.set(name, value);
      return { status: 302, headers: { location: target.href } };
    };
    if (query.get('response_type') !== 'code' || [...query.keys()].length !== new Set(query.keys()).size) return back({ error: 'invalid_request' });
    const pattern = this.#traits.challenge === 'hex' ? /^[0-9a-f]{64}$/ : /^[A-Za-z0-9_-]{43}$/;
    const challenge = query.get('code_challenge') ?? '';
    if (query.get('code_challenge_method') !== 'S256' || !pattern.test(challenge)) return back({ error: 'invalid_request', error_description: 'code challenge required' });
    if (this.refuses) return back({ error: 'access_denied' });
    const code = `code-${randomBytes(12).toString('hex')}`;
    const scopes = this.agreesTo ?? (query.get('scope') ?? '').split(' ');
    this.#codes.set(code, { grant: { person: this.person, scopes, alive: true }, redirectUri, challenge, untilMs: this.#traits.nowMs() + 600_000, used: false });
    return back({ code, iss: 'https://auth.example' });
  }

  /** RFC 6749 section 2.3 and the form of requests. */
  async #asClient(request: StandInRequest, body: (form: URLSearchParams) => StandInAnswer): Promise<StandInAnswer> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request.body()) chunks.push(chunk);
    if (!(request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')) return bad('invalid_request');
    const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
    if ([...form.keys()].length !== new Set(form.keys()).size) return bad('invalid_request');
    const { clientSecret, authentication } = this.#traits;
    const basic = /^Basic (.+)$/.exec(request.headers['authorization'] ?? '')?.[1];
    const [basicId, basicSecret] = basic === undefined ? [] : Buffer.from(basic, 'base64').toString('utf8').split(':').map((part) => decodeURIComponent(part.replaceAll('+', ' ')));
    const known =
      clientSecret === null
        ? basic === undefined && form.get('client_id') === 'the-client' && !form.has('client_secret')
        : authentication === 'basic'
          ? basicId === 'the-client' && basicSecret === clientSecret && !form.has('client_secret')
          : basic === undefined && form.get('client_id') === 'the-client' && form.get('client_secret') === clientSecret;
    return known ? body(form) : { status: 401, headers: { 'www-authenticate': 'Basic realm="example"' }, body: { error: 'invalid_client', error_description: `no such client` } };
  }

  #token(form: URLSearchParams): StandInAnswer {
    switch (form.get('grant_type')) {
      case 'authorization_code':
        return this.#byCode(form);
      case 'refresh_token':
        return this.#byRefresh(form.get('refresh_token') ?? '');
      case 'urn:ietf:params:oauth:grant-type:device_code':
        return this.#byDevice(form.get('device_code') ?? '');
      default:
        return bad('unsupported_grant_type');
    }
  }

  #byCode(form: URLSearchParams): StandInAnswer {
    const found = this.#codes.get(form.get('code') ?? '');
    const verifier = form.get('code_verifier') ?? '';
    if (!found || found.untilMs <= this.#traits.nowMs() || form.get('redirect_uri') !== found.redirectUri) return bad('invalid_grant');
    if (found.used) {
      // Section 4.1.2: tokens of a code that is used twice should end.
      found.grant.alive = false;
      return bad('invalid_grant');
    }
    const hash = createHash('sha256').update(verifier);
    if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier) || hash.digest(this.#traits.challenge === 'hex' ? 'hex' : 'base64url') !== found.challenge) return bad('invalid_grant');
    found.used = true;
    return ok(this.#tokens(found.grant));
  }

  #byRefresh(refreshToken: string): StandInAnswer {
    this.attempts += 1;
    const found = this.#refresh.get(refreshToken);
    if (!found || found.spent || !found.grant.alive) return bad('invalid_grant', `token ${refreshToken} has been expired or revoked`);
    this.refreshes += 1;
    if (!this.#traits.rotates) {
      const { refresh_token: _same, ...answer } = this.#tokens(found.grant);
      return ok(answer);
    }
    found.spent = true;
    return ok(this.#tokens(found.grant));
  }

  #device(form: URLSearchParams): StandInAnswer {
    const code = `device-${randomBytes(12).toString('hex')}`;
    this.#devices.set(code, { person: this.person, scopes: (form.get('scope') ?? '').split(' '), alive: true });
    return ok({ device_code: code, user_code: 'WDJB-MJHT', verification_uri: 'https://auth.example/activate', expires_in: 1800, interval: 5 });
  }

  #byDevice(code: string): StandInAnswer {
    const grant = this.#devices.get(code);
    if (!grant) return bad('invalid_grant');
    switch (this.deviceAnswers.shift() ?? 'agreed') {
      case 'pending':
        return bad('authorization_pending');
      case 'slow':
        return bad('slow_down');
      case 'denied':
        return bad('access_denied');
      case 'expired':
        return bad('expired_token');
      case 'agreed':
        this.#devices.delete(code);
        return ok(this.#tokens(grant));
    }
  }

  #revoke(form: URLSearchParams): StandInAnswer {
    const token = form.get('token') ?? '';
    const grant = this.#refresh.get(token)?.grant ?? this.#access.get(token)?.grant;
    if (grant) grant.alive = false;
    return { status: 200, body: '' };
  }

  #tokens(grant: Grant): Record<string, unknown> {
    const [access, refresh] = [`access-${randomBytes(18).toString('base64url')}`, `refresh-${randomBytes(18).toString('base64url')}`];
    this.#access.set(access, { grant, untilMs: this.#traits.nowMs() + this.#traits.accessLifetimeMs });
    this.#refresh.set(refresh, { grant, spent: false });
    return {
      access_token: access,
      token_type: 'bearer',
      expires_in: this.#traits.accessLifetimeMs / 1_000,
      refresh_token: refresh,
      scope: grant.scopes.join(' '),
      ...(this.#traits.refreshLifetimeMs > 0 ? { refresh_token_expires_in: this.#traits.refreshLifetimeMs / 1_000 } : {}),
    };
  }
}

function ok(body: object): StandInAnswer {
  return { status: 200, headers: { 'cache-control': 'no-store' }, body };
}

function bad(error: string, description?: string): StandInAnswer {
  return { status: 400, headers: { 'cache-control': 'no-store' }, body: { error, ...(description === undefined ? {} : { error_description: description }) } };
}
