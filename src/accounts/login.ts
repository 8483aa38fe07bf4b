import { SnvgError } from '../errors.js';
import type { AccountPolicy, TokenRequest, TokenSet } from '../publishers/credentials.js';
import { LostReply } from '../publishers/faults.js';
import { keepSecret } from '../secrets.js';
import { authorization, checkedAnswer, newState, pastedAnswer } from './authorization.js';
import { awaitRedirect, type RedirectPlace } from './loopback.js';
import { askForDevice, exchangeCode, GrantRefused, pollForDevice } from './token-endpoint.js';
import type { OAuth2Tokens } from './vault-content.js';

/** The person who logs in. */
export interface LoginPerson {
  /** A line for them to read. */
  tell(line: string): void;
  /** Opens the address in a browser, when they agree to that. */
  offerBrowser(url: string): Promise<void>;
  /** A line they type or paste. */
  answer(question: string): Promise<string>;
  /** Lets time pass between questions to the platform. @throws the signal's reason */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

/**
 * `browser`: the redirect comes back to this machine. `paste`: it leads nowhere, and a person brings the address. `device`: a code is
 * typed on another machine.
 */
export type LoginWay = { kind: 'browser'; port: number | undefined; timeoutMs: number } | { kind: 'paste'; redirectUri: string | undefined; port: number | undefined } | { kind: 'device' };

/** Where a pasted address leads when nothing listens: any port does. */
const unlistenedPort = 8723;

/**
 * Gets a person's consent and the tokens for it.
 * @throws {SnvgError} AUTH_DENIED, USAGE, APP_MISSING; {LostReply} the platform does not answer
 */
export async function logIn(policy: AccountPolicy, way: LoginWay, person: LoginPerson, request: TokenRequest): Promise<OAuth2Tokens> {
  if (policy.clientAuthentication !== 'public' && policy.pkce === 'none' && request.client.clientSecret === undefined) {
    throw new SnvgError('APP_MISSING', 'This platform’s apps need their secret', `Set the _CLIENT_SECRET variable, or give it on stdin with --client-secret-stdin. ${policy.registerHint}`);
  }
  try {
    const answer = way.kind === 'device' ? await byDevice(policy, person, request) : way.kind === 'paste' ? await byPaste(policy, way, person, request) : await byBrowser(policy, way, person, request);
    return tokensOf(answer, policy, request.nowMs());
  } catch (error) {
    if (!(error instanceof GrantRefused)) throw error;
    if (error.error === 'invalid_client' || error.error === 'unauthorized_client') throw new SnvgError('AUTH_DENIED', `The platform does not take the app (${error.error}): ${error.message}`, `Check its client id and secret. ${policy.registerHint}`, { cause: error });
    throw new SnvgError('AUTH_DENIED', `The platform did not complete the login (${error.error}): ${error.message}`, error.error === 'invalid_grant' ? 'Codes work once and for a few minutes: begin again.' : `Begin again; if it repeats, check the app. ${policy.registerHint}`, { cause: error });
  }
}

/** Tokens as the vault keeps them. Where the answer names no scopes they are those asked for (RFC 6749 section 5.1). */
function tokensOf(answer: TokenSet, policy: AccountPolicy, nowMs: number): OAuth2Tokens {
  return {
    kind: 'oauth2',
    accessToken: answer.accessToken,
    refreshToken: answer.refreshToken ?? null,
    expiresAtMs: answer.expiresAtMs,
    refreshExpiresAtMs: answer.refreshExpiresAtMs ?? null,
    scopes: answer.scopes.length > 0 ? [...answer.scopes] : [...policy.scopes],
    receivedAtMs: nowMs,
  };
}

async function byBrowser(policy: AccountPolicy, way: { port: number | undefined; timeoutMs: number }, person: LoginPerson, request: TokenRequest): Promise<TokenSet> {
  const state = newState();
  const redirect = await awaitRedirect(placeOf(policy, way.port, 0), state);
  try {
    const asked = await authorization(policy, request.client.clientId, redirect.redirectUri, state);
    person.tell(`Open this address in a browser on this machine and agree:\n\n  ${asked.url}\n`);
    const arriving = redirect.parameters(way.timeoutMs, request.signal);
    // The answer may come while the person is still being asked about the browser.
    const offered = person.offerBrowser(asked.url);
    const parameters = await Promise.race([arriving, offered.then(() => arriving)]);
    return await exchangeCode(policy, { ...asked, parameters: checkedAnswer(policy, request.client.clientId, parameters, state) }, request);
  } finally {
    redirect.close();
  }
}

async function byPaste(policy: AccountPolicy, way: { redirectUri: string | undefined; port: number | undefined }, person: LoginPerson, request: TokenRequest): Promise<TokenSet> {
  const { host, port, path } = placeOf(policy, way.port, unlistenedPort);
  const asked = await authorization(policy, request.client.clientId, way.redirectUri ?? `http://${host}:${port}${path}`, newState());
  person.tell(`Open this address in any browser and agree:\n\n  ${asked.url}\n\nThe browser then ends at a page that cannot be shown. Copy its whole address.`);
  const pasted = await person.answer('Address (or code): ');
  if (pasted.trim() === '') throw new SnvgError('AUTH_DENIED', 'Nothing was pasted', 'Begin again, and paste the address that the browser ends at.');
  keepSecret(pasted.trim());
  return exchangeCode(policy, { ...asked, parameters: checkedAnswer(policy, request.client.clientId, pastedAnswer(pasted, asked.state), asked.state) }, request);
}

function placeOf(policy: AccountPolicy, port: number | undefined, otherwise: number): RedirectPlace {
  return { host: policy.loopback?.host ?? '127.0.0.1', port: port ?? policy.loopback?.port ?? otherwise, path: policy.loopback?.path ?? '/callback' };
}

async function byDevice(policy: AccountPolicy, person: LoginPerson, request: TokenRequest): Promise<TokenSet> {
  if (policy.deviceUrl === undefined) throw new SnvgError('USAGE', 'This platform offers no device login for publishing', 'Log in with a browser on this machine, or with --paste from any other.');
  const device = await askForDevice(policy, request);
  const endsAtMs = request.nowMs() + device.expires_in * 1_000;
  person.tell(`On any machine, open\n\n  ${device.verification_uri}\n\nand type the code ${device.user_code}`);
  // RFC 8628 section 3.2: 5 seconds where the answer names no interval; section 3.5: slow_down adds 5.
  let intervalSeconds = device.interval ?? 5;
  while (request.nowMs() < endsAtMs) {
    await person.pause(intervalSeconds * 1_000, request.signal);
    try {
      return await pollForDevice(policy, device.device_code, request);
    } catch (error) {
      const goesOn = error instanceof LostReply || (error instanceof GrantRefused && ['authorization_pending', 'slow_down'].includes(error.error));
      if (!goesOn) throw error;
      if (error instanceof LostReply || error.error === 'slow_down') intervalSeconds += 5;
    }
  }
  throw new SnvgError('AUTH_DENIED', 'The code was not entered in time', 'Begin again.');
}
