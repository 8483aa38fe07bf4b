import { PlatformFault } from '../faults.js';
import type { Publication, PublishContext } from '../publisher.js';
import { xApi, type XApi } from './api.js';
import { xOptions, type XOptions } from './options.js';

/** What a step works with. */
export interface XSession {
  publication: Publication;
  context: PublishContext;
  options: XOptions;
  api: XApi;
  oauth1: boolean;
  /** Address of a post of the account. */
  urlOf(postId: string): string;
}

/** @throws {PlatformFault} auth: nobody is logged in, or somebody else is */
export async function openSession(publication: Publication, context: PublishContext): Promise<XSession> {
  const credentials = await context.credentials();
  if (credentials.accountId !== publication.account) {
    throw new PlatformFault('auth', {
      code: 'wrongAccount',
      message: `The login is ${credentials.accountName}'s, the post is for ${publication.accountName}`,
      remedy: `Log in as ${publication.accountName}: snvg auth login x`,
    });
  }
  const name = /^@?(\w{1,15})$/.exec(credentials.accountName)?.[1] ?? 'i';
  return {
    publication,
    context,
    options: xOptions.parse(context.options),
    api: xApi({ http: context.http, signal: context.signal, nowMs: context.nowMs, credentials }),
    oauth1: credentials.tokenSecret !== undefined,
    urlOf: (postId) => `https://x.com/${name}/status/${postId}`,
  };
}
