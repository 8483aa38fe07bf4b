import { LostReply, PlatformFault, type FaultKind } from '../faults.js';
import type { HttpAnswer } from '../http.js';
import { retryAfterMs } from '../retry-after.js';
import { nextPacificMidnightMs } from './pacific-day.js';

interface Meaning {
  kind: FaultKind;
  remedy: string;
  /** When to try again, where YouTube's pages say so. */
  retryAtMs?: (nowMs: number) => number;
  /** The login lacks what it takes, however young its token. */
  lasting?: true;
}

const dayMs = 86_400_000;
const login = 'Log in again: snvg auth login youtube';
const later = 'Nothing to do: it is tried again by itself.';
const editText = 'Correct it in the review or in the job, then publish again.';

/** Reasons of developers.google.com/youtube/v3/docs/errors and of Google's common errors, checked 2026-11-25. */
const meanings: Readonly<Record<string, Meaning>> = {
  uploadLimitExceeded: { kind: 'quota', remedy: 'The channel has uploaded as many videos as YouTube allows in 24 hours; it goes on tomorrow by itself. A verified channel may upload more: https://www.youtube.com/verify', retryAtMs: (nowMs) => nowMs + dayMs },
  quotaExceeded: { kind: 'quota', remedy: 'The API project has used up its day, which ends at midnight Pacific time; it goes on then. More can be asked for in the Google Cloud console.', retryAtMs: nextPacificMidnightMs },
  dailyLimitExceeded: { kind: 'quota', remedy: 'The API project has used up its day, which ends at midnight Pacific time; it goes on then.', retryAtMs: nextPacificMidnightMs },
  rateLimitExceeded: { kind: 'retry', remedy: later },
  userRateLimitExceeded: { kind: 'retry', remedy: later },
  uploadRateLimitExceeded: { kind: 'retry', remedy: later },
  backendError: { kind: 'retry', remedy: later },
  internalError: { kind: 'retry', remedy: later },
  conflict: { kind: 'retry', remedy: later },
  aborted: { kind: 'retry', remedy: later },

  authError: { kind: 'auth', remedy: login },
  authorizationRequired: { kind: 'auth', remedy: login },
  required: { kind: 'auth', remedy: login },
  insufficientPermissions: { kind: 'auth', lasting: true, remedy: `${login}, and leave every box ticked that Google shows.` },
  forbidden: { kind: 'auth', remedy: 'The account may not do this; check in YouTube Studio that it may upload to the channel, then log in again: snvg auth login youtube' },
  youtubeSignupRequired: { kind: 'auth', lasting: true, remedy: 'The Google account has no channel yet: create one at https://www.youtube.com/create_channel, then log in again: snvg auth login youtube' },
  authenticatedUserNotChannel: { kind: 'auth', lasting: true, remedy: 'Log in again and choose the channel: snvg auth login youtube' },
  authenticatedUserAccountClosed: { kind: 'auth', lasting: true, remedy: 'The YouTube account is closed; log in with another one: snvg auth login youtube' },
  authenticatedUserAccountSuspended: { kind: 'auth', lasting: true, remedy: 'The YouTube account is suspended; see what YouTube has written to its owner.' },
  channelClosed: { kind: 'auth', lasting: true, remedy: 'The channel is closed; log in with another one: snvg auth login youtube' },
  channelSuspended: { kind: 'auth', lasting: true, remedy: 'The channel is suspended; see what YouTube has written to its owner.' },
  accountDelegationForbidden: { kind: 'auth', remedy: login },
  insufficientCapabilities: { kind: 'auth', lasting: true, remedy: 'The account may not do this on the channel; ask its owner for the right to upload.' },
  accessNotConfigured: { kind: 'auth', lasting: true, remedy: 'Switch on the YouTube Data API v3 for the project of your client id: https://console.cloud.google.com/apis/library/youtube.googleapis.com' },

  invalidTitle: { kind: 'refused', remedy: `YouTube does not take the title. ${editText}` },
  invalidDescription: { kind: 'refused', remedy: `YouTube does not take the description. ${editText}` },
  invalidTags: { kind: 'refused', remedy: 'YouTube does not take the tags: set others with platforms.youtube.tags.' },
  invalidCategoryId: { kind: 'refused', remedy: 'Set another category with platforms.youtube.categoryId; 22 is taken everywhere.' },
  invalidPublishAt: { kind: 'refused', remedy: 'Give it another time (snvg schedule move), or publish it without nativeSchedule.' },
  defaultLanguageNotSet: { kind: 'refused', remedy: 'Set platforms.youtube.language.' },
  forbiddenPrivacySetting: { kind: 'refused', remedy: 'The channel may not use this privacy: set platforms.youtube.privacy to another.' },
  forbiddenLicenseSetting: { kind: 'refused', remedy: 'The channel may not use this license: set platforms.youtube.license to youtube.' },
  forbiddenEmbedSetting: { kind: 'refused', remedy: 'The channel may not decide this: set platforms.youtube.embeddable to true.' },
};

/** What Google's spellings of one reason have in common: `ACCESS_TOKEN_SCOPE_INSUFFICIENT` beside `insufficientPermissions`. */
const sameAs: Readonly<Record<string, string>> = {
  ACCESS_TOKEN_SCOPE_INSUFFICIENT: 'insufficientPermissions',
  insufficientScopes: 'insufficientPermissions',
  SERVICE_DISABLED: 'accessNotConfigured',
  invalidCredentials: 'authError',
  UNAUTHENTICATED: 'authError',
  RATE_LIMIT_EXCEEDED: 'rateLimitExceeded',
};

const unlisted: Readonly<Record<number, Meaning>> = {
  401: { kind: 'auth', remedy: login },
  403: { kind: 'auth', remedy: login },
  408: { kind: 'retry', remedy: later },
  409: { kind: 'retry', remedy: later },
  429: { kind: 'retry', remedy: later },
};

/** Google's reason and words in an error body; undefined when it is no such body. */
function googleError(text: string): { reason: string; message: string } | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown; status?: unknown; errors?: { reason?: unknown }[] } };
    if (typeof error !== 'object' || error === null) return undefined;
    const reason = error.errors?.[0]?.reason ?? error.status;
    return { reason: typeof reason === 'string' ? (sameAs[reason] ?? reason) : 'unknown', message: typeof error.message === 'string' ? error.message : '' };
  } catch {
    return undefined;
  }
}

/**
 * What an answer that is no success means. `repeatable`: the request may be sent again whatever became of it, so a server's failure
 * is only a reason to wait; otherwise it says nothing about the effect.
 */
export function explainAnswer(answer: HttpAnswer, request: { what: string; repeatable: boolean; nowMs: number }): PlatformFault | LostReply {
  const { what, repeatable, nowMs } = request;
  const retryAtMs = retryAfterMs(answer.headers, nowMs);
  const error = googleError(answer.text);
  if (answer.status >= 500) {
    if (!repeatable) return new LostReply(`YouTube failed (${answer.status}) ${what}`);
    return new PlatformFault('retry', { code: error?.reason ?? `http${answer.status}`, message: `YouTube failed (${answer.status}) ${what}`, remedy: later, ...(retryAtMs === undefined ? {} : { retryAtMs }) });
  }
  if (!error || answer.status < 400) return new LostReply(`YouTube’s answer (${answer.status}) ${what} cannot be read`);
  const meaning = meanings[error.reason] ?? unlisted[answer.status] ?? { kind: 'refused', remedy: 'See what YouTube says, correct the clip or platforms.youtube, then publish again.' };
  const atMs = meaning.retryAtMs?.(nowMs) ?? (meaning.kind === 'retry' ? retryAtMs : undefined);
  return new PlatformFault(meaning.kind, {
    code: error.reason,
    message: `YouTube refuses ${what}: ${error.message === '' ? error.reason : `${error.message} (${error.reason})`}`,
    remedy: meaning.remedy,
    renewable: !meaning.lasting,
    ...(atMs === undefined ? {} : { retryAtMs: atMs }),
  });
}
