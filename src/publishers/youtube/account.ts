import type { Credentials } from '../credentials.js';
import { PlatformFault } from '../faults.js';
import type { Publication, PublishContext } from '../publisher.js';
import type { Caller } from './api.js';

const scope = 'https://www.googleapis.com/auth/';
export const uploadScope = `${scope}youtube.upload`;
export const manageScope = `${scope}youtube.force-ssl`;

/** Each of these covers uploads, lists, updates and caption tracks; `youtube.upload` alone covers only the first. */
const sufficient = [manageScope, `${scope}youtubepartner`];

/**
 * The account's login, looked at before it is used: the right channel, all the rights.
 * @throws {PlatformFault} auth
 */
export async function caller(publication: Publication, context: PublishContext): Promise<Caller & { credentials: Credentials }> {
  const credentials = await context.credentials();
  if (credentials.accountId !== publication.account) {
    throw new PlatformFault('auth', {
      code: 'wrongAccount',
      message: `The login belongs to the channel ${credentials.accountName} (${credentials.accountId}), not to ${publication.accountName} (${publication.account})`,
      remedy: `Log in to ${publication.accountName}, choosing that channel in the browser: snvg auth login youtube`,
    });
  }
  // A token given from outside may not say what it is for.
  if (credentials.scopes.length > 0 && !sufficient.some((name) => credentials.scopes.includes(name))) {
    throw new PlatformFault('auth', {
      code: 'insufficientPermissions',
      message: `The login to ${publication.accountName} lacks rights: it has ${credentials.scopes.map((name) => name.replace(scope, '')).join(', ')}`,
      remedy: 'Log in again and leave every box ticked that Google shows: snvg auth login youtube',
    });
  }
  return { http: context.http, signal: context.signal, nowMs: context.nowMs, credentials };
}
