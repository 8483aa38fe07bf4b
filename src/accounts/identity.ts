import { SnvgError } from '../errors.js';
import type { AccountPolicy, Credentials } from '../publishers/credentials.js';
import { LostReply, PlatformFault } from '../publishers/faults.js';
import { authNeeded } from './auth-errors.js';
import { currentLogin, renewedLogin, type LoginPlace, type RenewalContext } from './renewal.js';
import type { Login } from './vault-content.js';

/** An account as the platform calls it. */
export interface Identity {
  id: string;
  name: string;
}

/** Asks the platform whose login it is, with a token that is valid. @throws {SnvgError} as `currentLogin`; {LostReply} */
export async function identify(place: LoginPlace, context: RenewalContext): Promise<Identity> {
  const login = await currentLogin(place, context);
  try {
    return await whoami(context.policy, login, context);
  } catch (error) {
    if (!(error instanceof PlatformFault)) throw error;
    const again = await renewedLogin(place, context, login.tokens.accessToken).catch((failure: unknown) => {
      // What the platform said about the account tells more than that nothing could be renewed.
      throw failure instanceof SnvgError && failure.code === 'AUTH_NEEDED' && login.tokens.kind === 'oauth2' && login.tokens.refreshToken === null ? authNeeded(`The platform does not take the login to ${place.label}: ${error.message}`, error.remedy || place.remedy, failure) : failure;
    });
    return whoami(context.policy, again, context).catch((second: unknown) => {
      throw second instanceof PlatformFault ? authNeeded(`The platform does not take the login to ${place.label}: ${second.message}`, second.remedy || place.remedy, second) : second;
    });
  }
}

/** @throws {PlatformFault} auth; {LostReply} */
async function whoami(policy: AccountPolicy, login: Login, context: RenewalContext): Promise<Identity> {
  try {
    return await policy.whoami(signingPart(login), context.request);
  } catch (error) {
    if (error instanceof PlatformFault && error.kind !== 'auth') throw new LostReply(error.message, { unreached: true, cause: error });
    throw error;
  }
}

/** What signs a request. */
function signingPart({ tokens }: Login): Pick<Credentials, 'accessToken' | 'tokenSecret' | 'consumerKey' | 'consumerSecret'> {
  if (tokens.kind === 'oauth2') return { accessToken: tokens.accessToken };
  return { accessToken: tokens.accessToken, tokenSecret: tokens.tokenSecret, consumerKey: tokens.consumerKey, consumerSecret: tokens.consumerSecret };
}

export function credentialsOf(login: Login, who: Identity): Credentials {
  const { tokens } = login;
  return {
    accountId: who.id,
    accountName: who.name,
    ...signingPart(login),
    scopes: tokens.kind === 'oauth2' ? tokens.scopes : [],
    expiresAtMs: tokens.kind === 'oauth2' ? tokens.expiresAtMs : null,
  };
}
