import { LostReply, PlatformFault, type FaultKind } from '../faults.js';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

interface Rule {
  kind: FaultKind;
  remedy: string;
  /** From now; absent: when to try again is the caller's to decide. */
  retryAfterMs?: number;
  /** The login lacks what it takes, however young its token. */
  lasting?: true;
}

const loginAgain = 'Log in again with the same account and app: snvg auth login tiktok';

/** Error codes of the Content Posting API and of API v2 as a whole (checked 2026-11-25). */
const rules: Readonly<Record<string, Rule>> = {
  access_token_invalid: { kind: 'auth', remedy: loginAgain },
  scope_not_authorized: { kind: 'auth', lasting: true, remedy: 'Log in again and agree to everything that is asked for (video.upload for drafts, video.publish for direct posts): snvg auth login tiktok' },
  scope_permission_missed: { kind: 'auth', lasting: true, remedy: 'Add the Content Posting API with video.upload and video.publish to your app at developers.tiktok.com, then log in again: snvg auth login tiktok' },
  token_not_authorized_for_specified_publish_id: { kind: 'auth', remedy: loginAgain },
  rate_limit_exceeded: { kind: 'retry', remedy: 'TikTok counts requests by the minute: it goes on by itself.', retryAfterMs: minuteMs },
  spam_risk_too_many_posts: { kind: 'quota', remedy: 'TikTok lets apps post about 15 times in 24 hours for one account, all apps together. Wait a day, or post it in the app.', retryAfterMs: dayMs },
  reached_active_user_cap: { kind: 'quota', remedy: 'Too many accounts have posted through your app in 24 hours (5 before TikTok has audited it). Wait a day.', retryAfterMs: dayMs },
  spam_risk_too_many_pending_share: { kind: 'quota', remedy: 'TikTok keeps at most 5 unfinished drafts of an app. Post or discard some in the app (Inbox), then publish again.', retryAfterMs: 60 * minuteMs },
  spam_risk_user_banned_from_posting: { kind: 'auth', lasting: true, remedy: 'TikTok has barred this account from posting: see the notices in the app, and appeal there.' },
  spam_risk_text: { kind: 'refused', remedy: 'Change title, description and hashtags (snvg review); TikTok says not to send the same again.' },
  spam_risk: { kind: 'refused', remedy: 'TikTok says not to send the same again: change the clip or its text, or post it in the app.' },
  privacy_level_option_mismatch: { kind: 'refused', remedy: 'Choose a privacy that the account offers: --set tiktok.privacy=SELF_ONLY' },
  unaudited_client_can_only_post_to_private_accounts: {
    kind: 'refused',
    remedy: 'TikTok has not audited your app: send a draft instead (--set tiktok.mode=inbox), or make the account private and use --set tiktok.privacy=SELF_ONLY.',
  },
  url_ownership_unverified: { kind: 'refused', remedy: 'This is a fault in snvg, which uploads files: report it.' },
  app_version_check_failed: { kind: 'refused', remedy: 'Update the TikTok app on the phone of the account, then publish again with --retry.' },
  invalid_file_upload: { kind: 'refused', remedy: 'Render the clip again and check it with snvg publish --check.' },
  invalid_param: { kind: 'refused', remedy: 'Check the settings of tiktok in your configuration; if they are right, this is a fault in snvg worth a report.' },
  invalid_params: { kind: 'refused', remedy: 'Check the settings of tiktok in your configuration; if they are right, this is a fault in snvg worth a report.' },
  invalid_publish_id: { kind: 'refused', remedy: 'TikTok does not know this upload (any more): look at the account before sending it again.' },
};

/** What TikTok answered with instead of `ok`. */
export interface TikTokError {
  code: string;
  message: string;
  /** Its support asks for it. */
  logId: string;
}

/** The fault for an error that TikTok stated, with the time that its answer names (`retryAtMs`) or what is known of that error. LostReply for its own failures, which say nothing about the effect. */
export function faultOf(error: TikTokError, status: number, nowMs: number, retryAtMs?: number): PlatformFault | LostReply {
  const rule = Object.hasOwn(rules, error.code) ? rules[error.code] : undefined;
  const message = `TikTok: ${error.message === '' ? error.code : `${error.message} (${error.code})`}${error.logId === '' ? '' : `, log ${error.logId}`}`;
  if (error.code === 'internal_error' || status >= 500) return new LostReply(message);
  if (rule) {
    const fromMs = retryAtMs ?? (rule.retryAfterMs === undefined ? undefined : nowMs + rule.retryAfterMs);
    return new PlatformFault(rule.kind, { code: error.code, message, remedy: rule.remedy, renewable: !rule.lasting, ...(fromMs === undefined ? {} : { retryAtMs: fromMs }) });
  }
  if (status === 401) return new PlatformFault('auth', { code: error.code, message, remedy: loginAgain });
  if (status === 429) return new PlatformFault('retry', { code: error.code, message, remedy: 'It goes on by itself.', retryAtMs: retryAtMs ?? nowMs + minuteMs });
  if (status === 400 || status === 403) return new PlatformFault('refused', { code: error.code, message, remedy: 'Look the code up at developers.tiktok.com, or post the clip in the app.' });
  return new LostReply(message);
}

/**
 * Why TikTok gave up an upload (`fail_reason`, checked 2026-11-25). Nothing is posted in any of these cases.
 * `again`: worth a new upload; `later`: not before `retryAfterMs`; `never`: not this clip or account; `cancelled`: somebody took it back.
 */
export type FailureRule = { course: 'again' } | { course: 'later'; retryAfterMs: number } | { course: 'never'; message: string; remedy: string } | { course: 'cancelled' };

const retrySoon: FailureRule = { course: 'again' };
const renderAgain = 'Render the clip again within TikTok’s limits (docs/platforms/tiktok.md), then publish it with --retry.';

const failures: Readonly<Record<string, FailureRule>> = {
  internal: retrySoon,
  video_pull_failed: retrySoon,
  photo_pull_failed: retrySoon,
  publish_cancelled: { course: 'cancelled' },
  file_format_check_failed: { course: 'never', message: 'TikTok does not take the file’s format', remedy: renderAgain },
  duration_check_failed: { course: 'never', message: 'TikTok does not take the clip’s duration', remedy: 'Make it shorter, then publish it with --retry: many accounts may post 3 minutes only.' },
  frame_rate_check_failed: { course: 'never', message: 'TikTok does not take the frame rate (23 to 60 are allowed)', remedy: renderAgain },
  picture_size_check_failed: { course: 'never', message: 'TikTok does not take the picture’s size (360 to 4096 pixels a side are allowed)', remedy: renderAgain },
  auth_removed: { course: 'never', message: 'Somebody withdrew the app’s access while TikTok was at work', remedy: 'Log in again (snvg auth login tiktok), then publish with --retry.' },
  spam_risk_too_many_posts: { course: 'later', retryAfterMs: dayMs },
  spam_risk_user_banned_from_posting: { course: 'never', message: 'TikTok has barred this account from posting', remedy: rules['spam_risk_user_banned_from_posting']?.remedy ?? '' },
  spam_risk_text: { course: 'never', message: 'TikTok takes the text for spam', remedy: rules['spam_risk_text']?.remedy ?? '' },
  spam_risk: { course: 'never', message: 'TikTok takes the post for spam', remedy: rules['spam_risk']?.remedy ?? '' },
};

/** Reasons that are new since the list was checked end the publication with their own word. */
export function failureOf(reason: string): FailureRule {
  const rule = Object.hasOwn(failures, reason) ? failures[reason] : undefined;
  return rule ?? { course: 'never', message: `TikTok gave the upload up (${reason === '' ? 'no reason given' : reason})`, remedy: 'Look the reason up at developers.tiktok.com; publish again with --retry.' };
}

/** The quota fault a publication waits with after TikTok has counted its posts. */
export function waitingFault(code: string, retryAtMs: number): PlatformFault {
  return new PlatformFault('quota', { code, message: `TikTok takes no more posts of this account for now (${code})`, remedy: rules[code]?.remedy ?? 'Wait a day.', retryAtMs });
}
