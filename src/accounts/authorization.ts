import { createHash } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import { SnvgError } from '../errors.js';
import type { AccountPolicy } from '../publishers/credentials.js';
import { keepSecret } from '../secrets.js';
import { issuerOf } from './token-endpoint.js';

/** One request for a person's consent (RFC 6749 section 4.1, RFC 7636). */
export interface Authorization {
  url: string;
  state: string;
  /** Null: the platform takes no PKCE. */
  verifier: string | null;
  redirectUri: string;
}

export function newState(): string {
  return oauth.generateRandomState();
}

/** @param redirectUri compared by the platform, character by character */
export async function authorization(policy: AccountPolicy, clientId: string, redirectUri: string, state: string): Promise<Authorization> {
  const verifier = policy.pkce === 'none' ? null : oauth.generateRandomCodeVerifier();
  keepSecret(verifier);
  const url = new URL(policy.authorizeUrl);
  const parameters: Record<string, string> = {
    [policy.clientIdParameter]: clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: policy.scopes.join(policy.scopeSeparator),
    state,
    ...(verifier === null ? {} : { code_challenge: await challengeOf(verifier, policy.pkce), code_challenge_method: 'S256' }),
    ...policy.extraAuthorizeParameters,
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return { url: url.href, state, verifier, redirectUri };
}

async function challengeOf(verifier: string, pkce: AccountPolicy['pkce']): Promise<string> {
  return pkce === 'S256-hex' ? createHash('sha256').update(verifier).digest('hex') : oauth.calculatePKCECodeChallenge(verifier);
}

/**
 * The answer's parameters, checked: our state, no refusal, a code.
 * @throws {SnvgError} AUTH_DENIED
 */
export function checkedAnswer(policy: AccountPolicy, clientId: string, parameters: URLSearchParams, state: string): URLSearchParams {
  try {
    const checked = oauth.validateAuthResponse({ issuer: issuerOf(policy) }, { client_id: clientId }, parameters, state);
    if (!checked.get('code')) throw new SnvgError('AUTH_DENIED', 'The platform’s answer holds no code', 'Begin again, and copy the whole address that the browser ends at.');
    return checked;
  } catch (error) {
    if (error instanceof SnvgError) throw error;
    if (error instanceof oauth.AuthorizationResponseError) {
      throw new SnvgError('AUTH_DENIED', `The platform refused the login: ${error.error_description ?? error.error}`, error.error === 'access_denied' ? 'Begin again and agree to what is asked for.' : policy.registerHint, { cause: error });
    }
    throw new SnvgError('AUTH_DENIED', 'This is not the answer to the login that was begun here (its state differs)', 'Begin again, and use the address that this run printed.', { cause: error });
  }
}

/** Reads what a person pasted: the whole address the browser ended at, its query, or the code alone. */
export function pastedAnswer(text: string, state: string): URLSearchParams {
  const pasted = text.trim();
  if (URL.canParse(pasted) && /^https?:/i.test(pasted)) return new URL(pasted).searchParams;
  if (/(^|[?&])(code|error)=/.test(pasted)) return new URLSearchParams(pasted.slice(pasted.indexOf('?') + 1));
  // A code copied out of an address may still be encoded. It carries no state: the verifier ties it to this run.
  return new URLSearchParams({ code: /%[0-9A-F]{2}/i.test(pasted) ? decoded(pasted) : pasted, state });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
