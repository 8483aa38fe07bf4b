import { randomBytes } from 'node:crypto';
import type { StandInAnswer } from '../stand-in.js';

/** Error codes and the statuses they come with (checked 2026-11-25). */
const statuses = {
  ok: 200,
  invalid_param: 400,
  invalid_params: 400,
  invalid_publish_id: 400,
  token_not_authorized_for_specified_publish_id: 400,
  publish_not_cancellable: 400,
  access_token_invalid: 401,
  scope_not_authorized: 401,
  spam_risk_too_many_posts: 403,
  spam_risk_too_many_pending_share: 403,
  spam_risk_user_banned_from_posting: 403,
  reached_active_user_cap: 403,
  unaudited_client_can_only_post_to_private_accounts: 403,
  url_ownership_unverified: 403,
  privacy_level_option_mismatch: 403,
  rate_limit_exceeded: 429,
  internal_error: 500,
} as const;

export type TikTokCode = keyof typeof statuses;

/** A refusal with TikTok's own word. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: TikTokCode;

  constructor(code: TikTokCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What every answer of API v2 looks like. `data` may be JSON text, for numbers that JavaScript cannot hold. */
export function envelope(code: TikTokCode, message: string, data: object | string = {}, status: number = statuses[code]): StandInAnswer {
  const error = { code, message, log_id: logId() };
  return { status, headers: jsonHeaders, body: `{"data":${typeof data === 'string' ? data : JSON.stringify(data)},"error":${JSON.stringify(error)}}` };
}

/** What the OAuth endpoints answer with: no envelope. */
export function flat(status: number, body: object): StandInAnswer {
  return { status, headers: { ...jsonHeaders, 'cache-control': 'no-store' }, body: JSON.stringify(body) };
}

export function oauthError(error: string, description: string, status = 400): StandInAnswer {
  return flat(status, { error, error_description: description, log_id: logId() });
}

const jsonHeaders = { 'content-type': 'application/json; charset=utf-8' };

function logId(): string {
  return randomBytes(16).toString('hex').toUpperCase();
}
