import * as oauth from 'oauth4webapi';
import { SnvgError } from '../errors.js';
import type { AccountPolicy, ClientIdentity, TokenRequest, TokenSet } from '../publishers/credentials.js';
import { LostReply, PlatformFault } from '../publishers/faults.js';
import type { HttpTransport } from '../publishers/http.js';
import { keepSecret } from '../secrets.js';

/** Answers of a token endpoint that are no tokens. `invalid_grant`: the code or refresh token is not valid (any more). */
export class GrantRefused extends Error {
  override readonly name = 'GrantRefused';
  /** RFC 6749 section 5.2, RFC 8628 section 3.5, or the platform's own. */
  readonly error: string;

  constructor(error: string, message: string, cause: unknown) {
    super(message, { cause });
    this.error = error;
  }
}

/** Exchanges an authorization code. @throws {GrantRefused}; {LostReply} */
export async function exchangeCode(policy: AccountPolicy, code: { parameters: URLSearchParams; verifier: string | null; redirectUri: string }, request: TokenRequest): Promise<TokenSet> {
  keepSecret(code.parameters.get('code'), code.verifier);
  return asked(async () => {
    if (policy.exchangeCode) return policy.exchangeCode(code.parameters.get('code') ?? '', code.verifier ?? '', code.redirectUri, request);
    const { server, client, authentication, options } = standard(policy, request);
    const answer = await oauth.authorizationCodeGrantRequest(server, client, authentication, code.parameters, code.redirectUri, code.verifier ?? oauth.nopkce, options);
    return tokenSet(await oauth.processAuthorizationCodeResponse(server, client, answer), policy, request);
  });
}

/** Uses a refresh token, or exchanges the access token for a younger one. @throws {GrantRefused}; {LostReply} */
export async function refreshTokens(policy: AccountPolicy, token: { accessToken: string; refreshToken?: string }, request: TokenRequest): Promise<TokenSet> {
  return asked(async () => {
    if (policy.refresh) return policy.refresh(token, request);
    if (token.refreshToken === undefined) throw new GrantRefused('invalid_grant', 'there is no refresh token', undefined);
    const { server, client, authentication, options } = standard(policy, request);
    const answer = await oauth.refreshTokenGrantRequest(server, client, authentication, token.refreshToken, options);
    return tokenSet(await oauth.processRefreshTokenResponse(server, client, answer), policy, request);
  });
}

/** Begins RFC 8628. @throws {GrantRefused}; {LostReply} */
export async function askForDevice(policy: AccountPolicy, request: TokenRequest): Promise<oauth.DeviceAuthorizationResponse> {
  return asked(async () => {
    const { server, client, authentication, options } = standard(policy, request);
    const answer = await oauth.deviceAuthorizationRequest(server, client, authentication, { scope: policy.scopes.join(policy.scopeSeparator) }, options);
    return oauth.processDeviceAuthorizationResponse(server, client, answer);
  });
}

/** One poll. @throws {GrantRefused} authorization_pending, slow_down, …; {LostReply} */
export async function pollForDevice(policy: AccountPolicy, deviceCode: string, request: TokenRequest): Promise<TokenSet> {
  keepSecret(deviceCode);
  return asked(async () => {
    const { server, client, authentication, options } = standard(policy, request);
    const answer = await oauth.deviceCodeGrantRequest(server, client, authentication, deviceCode, options);
    return tokenSet(await oauth.processDeviceCodeResponse(server, client, answer), policy, request);
  });
}

/** Ends the login at the platform; false: the platform has no way for it. @throws {GrantRefused}; {LostReply} */
export async function revokeTokens(policy: AccountPolicy, token: { accessToken: string; refreshToken?: string }, request: TokenRequest): Promise<boolean> {
  if (!policy.revoke && policy.revokeUrl === undefined) return false;
  await asked(async () => {
    if (policy.revoke) return policy.revoke(token, request);
    const { server, client, authentication, options } = standard(policy, request);
    await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, authentication, token.refreshToken ?? token.accessToken, options));
    return undefined;
  });
  return true;
}

/** @throws {SnvgError} APP_MISSING when a confidential client has no secret */
function standard(policy: AccountPolicy, request: TokenRequest): { server: oauth.AuthorizationServer; client: oauth.Client; authentication: oauth.ClientAuth; options: { [oauth.customFetch]: (url: string, init: oauth.CustomFetchOptions<'POST', URLSearchParams>) => Promise<Response>; signal: AbortSignal } } {
  const server: oauth.AuthorizationServer = {
    issuer: issuerOf(policy),
    authorization_endpoint: policy.authorizeUrl,
    token_endpoint: policy.tokenUrl,
    ...(policy.deviceUrl === undefined ? {} : { device_authorization_endpoint: policy.deviceUrl }),
    ...(policy.revokeUrl === undefined ? {} : { revocation_endpoint: policy.revokeUrl }),
  };
  return {
    server,
    client: { client_id: request.client.clientId },
    authentication: clientAuthentication(policy, request.client),
    options: { [oauth.customFetch]: (url, init) => throughTransport(request.http, url, init), signal: request.signal },
  };
}

/** As RFC 9207 compares it: platforms that name themselves in the answer use the origin of their authorization page. */
export function issuerOf(policy: AccountPolicy): string {
  return new URL(policy.authorizeUrl).origin;
}

function clientAuthentication(policy: AccountPolicy, client: ClientIdentity): oauth.ClientAuth {
  // An app may be registered as public where the platform also knows confidential ones.
  if (policy.clientAuthentication === 'public' || client.clientSecret === undefined) return oauth.None();
  return policy.clientAuthentication === 'basic' ? oauth.ClientSecretBasic(client.clientSecret) : oauth.ClientSecretPost(client.clientSecret);
}

async function throughTransport(http: HttpTransport, url: string, init: oauth.CustomFetchOptions<'POST', URLSearchParams>): Promise<Response> {
  const headers = { ...init.headers, 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' };
  const answer = await http.send({ method: init.method, url, headers, body: init.body.toString(), signal: init.signal ?? new AbortController().signal });
  if (answer.status >= 500) throw new LostReply(`${new URL(url).host} answered ${answer.status}`);
  if (answer.status === 429) throw new LostReply(`${new URL(url).host} takes no more requests for now (429)`, { unreached: true });
  // The body says more than a challenge does.
  const { 'www-authenticate': _challenge, ...kept } = answer.headers;
  return new Response(answer.text === '' ? null : answer.text, { status: answer.status, headers: kept });
}

/** Runs a request and sorts its failures. */
async function asked<T>(request: () => Promise<T>): Promise<T> {
  try {
    const answer = await request();
    if (isTokenSet(answer)) keepSecret(answer.accessToken, answer.refreshToken);
    return answer;
  } catch (error) {
    throw sorted(error);
  }
}

function isTokenSet(answer: unknown): answer is TokenSet {
  return typeof answer === 'object' && answer !== null && 'accessToken' in answer;
}

function sorted(error: unknown): unknown {
  if (error instanceof LostReply || error instanceof GrantRefused || error instanceof SnvgError) return error;
  if (error instanceof PlatformFault) return error.kind === 'auth' || error.kind === 'refused' ? new GrantRefused(error.code, error.message, error) : new LostReply(error.message, { unreached: true, cause: error });
  if (error instanceof oauth.ResponseBodyError) {
    if (error.error === 'temporarily_unavailable' || error.error === 'server_error') return new LostReply(`the token endpoint says ${error.error}`, { cause: error });
    return new GrantRefused(error.error, error.error_description ?? error.error, error);
  }
  // What the platform answered is not what the standard says: whether it took effect cannot be told.
  if (error instanceof oauth.OperationProcessingError || error instanceof oauth.UnsupportedOperationError) return new LostReply(`the token endpoint's answer cannot be read: ${error.message}`, { cause: error });
  return error;
}

function tokenSet(answer: oauth.TokenEndpointResponse, policy: AccountPolicy, request: TokenRequest): TokenSet {
  const nowMs = request.nowMs();
  // Google's and others' own field, for logins that end by themselves.
  const refreshSeconds = Number(answer['refresh_token_expires_in'] ?? answer['refresh_expires_in']);
  return {
    accessToken: answer.access_token,
    ...(answer.refresh_token === undefined ? {} : { refreshToken: answer.refresh_token }),
    expiresAtMs: answer.expires_in === undefined ? null : nowMs + answer.expires_in * 1_000,
    ...(Number.isFinite(refreshSeconds) && refreshSeconds > 0 ? { refreshExpiresAtMs: nowMs + refreshSeconds * 1_000 } : {}),
    scopes: answer.scope === undefined ? [] : answer.scope.split(new RegExp(`[ ${policy.scopeSeparator}]+`)).filter((scope) => scope !== ''),
  };
}
