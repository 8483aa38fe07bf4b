import type { StandIn, StandInAnswer, StandInOptions, StandInPost, StandInRequest } from '../stand-in.js';
import type { Grant, IssuedTokens } from '../token-desk.js';
import { envelope, oauthError, Refused, type TikTokCode } from './answers.js';
import { form, isForm, json, mustBeJson, text } from './bodies.js';
import { newCreator, privacyOptions, type TikTokCreator } from './creators.js';
import type { Fields } from './fields.js';
import { Logins } from './logins.js';
import { MinuteWindows } from './minute-windows.js';
import { readSource, Task, type PostInfo } from './tasks.js';

/** Every limit that TikTok's pages name, and how long its work takes; to be changed by whoever rehearses something else. */
export interface TikTokHouse {
  /** Whether TikTok has audited the app: before that, posts are private and so must be the account. */
  audited: boolean;
  creatorPerMinute: number;
  initPerMinute: number;
  statusPerMinute: number;
  /** Direct posts of an account in 24 hours; TikTok says "typically around 15". */
  postsPerDay: number;
  /** Drafts that wait for their owner. */
  pendingShares: number;
  processingMs: number;
  moderationMs: number;
  /** How old creator information may be when a direct post is begun. TikTok asks for it before every post without a number. */
  creatorFreshMs: number;
}

const apiHost = 'open.tiktokapis.com';
const uploadHost = 'open-upload.tiktokapis.com';
const webHost = 'www.tiktok.com';
const dayMs = 86_400_000;

/** What an injected failure is answered with. TikTok documents no 409; a gateway's would be an internal error. */
const refusals: Readonly<Record<number, [TikTokCode, string]>> = {
  400: ['invalid_params', 'One or more fields in request is invalid.'],
  401: ['access_token_invalid', 'The access token is invalid or not found in the request.'],
  403: ['spam_risk_too_many_posts', 'The daily post cap from the API is reached for the current user.'],
  429: ['rate_limit_exceeded', 'The API rate limit was exceeded. Please try again later.'],
};

/** TikTok's Content Posting API and Login Kit, from memory: uploads of files, direct and to the inbox. */
export class TikTokStandIn implements StandIn {
  readonly id = 'tiktok';
  readonly hosts = [apiHost, uploadHost, webHost];
  readonly house: TikTokHouse = {
    audited: false,
    creatorPerMinute: 20,
    initPerMinute: 6,
    statusPerMinute: 30,
    postsPerDay: 15,
    pendingShares: 5,
    processingMs: 20_000,
    moderationMs: 60_000,
    creatorFreshMs: 900_000,
  };
  readonly #nowMs: () => number;
  readonly #logins: Logins;
  readonly #windows: MinuteWindows;
  readonly #creators = new Map<string, TikTokCreator>();
  readonly #queriedMs = new Map<string, number>();
  readonly #tasks = new Map<string, Task>();
  readonly #byUploadId = new Map<string, Task>();
  readonly #byAccount = new Map<string, Task[]>();
  readonly #failures: string[] = [];

  constructor(options: StandInOptions & { house?: Partial<TikTokHouse> }) {
    Object.assign(this.house, options.house);
    this.#nowMs = options.nowMs;
    this.#logins = new Logins(options.nowMs, { id: '-000sandboxcreator', name: 'Sandbox Creator' });
    this.#windows = new MinuteWindows(options.nowMs);
  }

  /** Logs an account in without its page, with all the rights that publishing needs if none are named. */
  issue(account: { id: string; name: string }, scopes: readonly string[] = ['user.info.basic', 'video.upload', 'video.publish']): IssuedTokens {
    return this.#logins.issue(account, scopes);
  }

  expireToken(accessToken: string): void {
    this.#logins.expire(accessToken);
  }

  /** Who agrees on the login page from now on. */
  loginAs(account: { id: string; name: string }): void {
    this.#logins.person = account;
  }

  /** An account's facts, to be changed at will. */
  creator(accountId: string): TikTokCreator {
    let creator = this.#creators.get(accountId);
    if (!creator) this.#creators.set(accountId, (creator = newCreator(accountId)));
    return creator;
  }

  /** The next upload that is begun ends with this `fail_reason`. */
  failNext(reason: string): void {
    this.#failures.push(reason);
  }

  /** The owner finishes a draft in the app. */
  finishDraft(publishId: string): void {
    this.#tasks.get(publishId)?.finishByOwner();
  }

  /** How many uploads were begun. */
  get uploadsBegun(): number {
    return this.#tasks.size;
  }

  posts(): StandInPost[] {
    return [...this.#tasks.values()].flatMap((task) => task.post() ?? []).toSorted((a, b) => a.createdMs - b.createdMs);
  }

  refusal(status: number): StandInAnswer {
    const [code, message] = refusals[status] ?? ['internal_error', 'TikTok server or network error. Try again later.'];
    return envelope(code, message, {}, status);
  }

  async handle(request: StandInRequest): Promise<StandInAnswer> {
    try {
      if (request.url.host === uploadHost) return await this.#upload(request);
      if (request.url.host === webHost) return request.url.pathname === '/v2/auth/authorize/' && request.method === 'GET' ? this.#logins.authorize(request) : { status: 404, body: 'Not found' };
      return await this.#call(request);
    } catch (error) {
      if (error instanceof Refused) return envelope(error.code, error.message);
      throw error;
    }
  }

  async #upload(request: StandInRequest): Promise<StandInAnswer> {
    const task = this.#byUploadId.get(request.url.searchParams.get('upload_id') ?? '');
    if (request.url.pathname !== '/video/' || !task?.opensTo(request.url)) return { status: 404 };
    return request.method === 'PUT' ? task.put(request) : { status: 400 };
  }

  async #call(request: StandInRequest): Promise<StandInAnswer> {
    const route = `${request.method} ${request.url.pathname}`;
    switch (route) {
      case 'POST /v2/oauth/token/':
        return isForm(request) ? this.#logins.token(await form(request)) : oauthError('invalid_request', 'Only `application/x-www-form-urlencoded` is supported as Content-Type.');
      case 'POST /v2/oauth/revoke/':
        return isForm(request) ? this.#logins.revoke(await form(request)) : oauthError('invalid_request', 'Only `application/x-www-form-urlencoded` is supported as Content-Type.');
      case 'GET /v2/user/info/':
        return this.#whoami(request);
      case 'POST /v2/post/publish/creator_info/query/':
        return this.#creatorInfo(request);
      case 'POST /v2/post/publish/video/init/':
        return this.#init(request, 'direct');
      case 'POST /v2/post/publish/inbox/video/init/':
        return this.#init(request, 'inbox');
      case 'POST /v2/post/publish/status/fetch/':
        return this.#status(request);
      default:
        return envelope('invalid_params', `There is no ${route}`, {}, 404);
    }
  }

  #granted(request: StandInRequest, route: string, perMinute: number, ...anyOf: string[]): Grant {
    const held = this.#logins.grantOf(request.headers['authorization']);
    if (!held) throw new Refused('access_token_invalid', 'The access token is invalid or not found in the request.');
    if (!anyOf.some((scope) => held.grant.scopes.includes(scope))) throw new Refused('scope_not_authorized', 'The user did not authorize the scope required for completing this request.');
    if (!this.#windows.take(`${route} ${held.token}`, perMinute)) throw new Refused('rate_limit_exceeded', 'The API rate limit was exceeded. Please try again later.');
    return held.grant;
  }

  #whoami(request: StandInRequest): StandInAnswer {
    const { account } = this.#granted(request, 'user', 600, 'user.info.basic');
    const names = (request.url.searchParams.get('fields') ?? '').split(',');
    const known: Record<string, string> = { open_id: account.id, union_id: `union-${account.id}`, display_name: account.name, avatar_url: 'https://p16-sign.tiktokcdn.com/sandbox.jpeg' };
    const user: Record<string, string> = {};
    for (const name of names) {
      const value = Object.hasOwn(known, name) ? known[name] : undefined;
      if (value === undefined) throw new Refused('invalid_params', `The field ${JSON.stringify(name)} is not supported`);
      user[name] = value;
    }
    return envelope('ok', '', { user });
  }

  async #creatorInfo(request: StandInRequest): Promise<StandInAnswer> {
    const { account } = this.#granted(request, 'creator', this.house.creatorPerMinute, 'video.publish');
    mustBeJson(request);
    if ((await text(request)).trim().replace('{}', '') !== '') throw new Refused('invalid_param', 'The request has no fields');
    this.#mustBeAbleToPost(account.id);
    this.#queriedMs.set(account.id, this.#nowMs());
    const creator = this.creator(account.id);
    return envelope('ok', '', {
      creator_avatar_url: 'https://p16-sign.tiktokcdn.com/sandbox.jpeg',
      creator_username: creator.username,
      creator_nickname: creator.nickname,
      privacy_level_options: privacyOptions(creator),
      comment_disabled: creator.commentDisabled,
      duet_disabled: creator.duetDisabled,
      stitch_disabled: creator.stitchDisabled,
      max_video_post_duration_sec: creator.maxDurationSec,
    });
  }

  async #init(request: StandInRequest, mode: 'direct' | 'inbox'): Promise<StandInAnswer> {
    const { account } = this.#granted(request, `init ${mode}`, this.house.initPerMinute, mode === 'direct' ? 'video.publish' : 'video.upload');
    const fields = await json(request);
    const info = mode === 'direct' ? this.#postInfo(fields.object('post_info'), account.id) : null;
    const source = readSource(fields.object('source_info'));
    fields.done();
    if (mode === 'direct') this.#mustBeAbleToPost(account.id);
    else if (this.#of(account.id).filter((task) => task.pending).length >= this.house.pendingShares) {
      throw new Refused('spam_risk_too_many_pending_share', 'The user has too many pending shares.');
    }
    const { processingMs, moderationMs } = this.house;
    const task = new Task({
      serial: this.#tasks.size,
      account: account.id,
      username: this.creator(account.id).username,
      info,
      source,
      course: { processingMs, moderationMs, failReason: this.#failures.shift() ?? null },
      nowMs: this.#nowMs,
    });
    this.#tasks.set(task.publishId, task);
    this.#byUploadId.set(task.uploadId, task);
    const own = this.#of(account.id);
    if (own.push(task) === 1) this.#byAccount.set(account.id, own);
    return envelope('ok', '', { publish_id: task.publishId, upload_url: task.uploadUrl });
  }

  #postInfo(fields: Fields, account: string): PostInfo {
    const creator = this.creator(account);
    const title = fields.text('title');
    const privacy = fields.string('privacy_level');
    const disabled = { comment: fields.flag('disable_comment'), duet: fields.flag('disable_duet'), stitch: fields.flag('disable_stitch') };
    if (fields.has('video_cover_timestamp_ms')) fields.count('video_cover_timestamp_ms', 0);
    const branded = fields.flag('brand_content_toggle');
    fields.flag('brand_organic_toggle');
    fields.flag('is_aigc');
    fields.done();
    if (title.length > 2200) throw new Refused('invalid_param', 'The title is longer than 2200 UTF-16 units');
    const queriedMs = this.#queriedMs.get(account);
    if (queriedMs === undefined || this.#nowMs() > queriedMs + this.house.creatorFreshMs) throw new Refused('invalid_param', 'The creator information was not queried before this post');
    if (!this.house.audited && (privacy !== 'SELF_ONLY' || !creator.privateAccount)) throw new Refused('unaudited_client_can_only_post_to_private_accounts', 'Unaudited clients can only post to a private account.');
    if (!privacyOptions(creator).includes(privacy)) throw new Refused('privacy_level_option_mismatch', 'privacy_level is not one of the options of the creator.');
    if (branded && privacy === 'SELF_ONLY') throw new Refused('invalid_param', 'Branded content cannot be private');
    const refused = (creator.commentDisabled && !disabled.comment) || (creator.duetDisabled && !disabled.duet) || (creator.stitchDisabled && !disabled.stitch);
    if (refused) throw new Refused('invalid_param', 'An interaction is switched on that the creator has disabled');
    return { title, privacy };
  }

  #mustBeAbleToPost(account: string): void {
    if (this.creator(account).banned) throw new Refused('spam_risk_user_banned_from_posting', 'The user is banned from making new posts.');
    const recent = this.#of(account).filter((task) => task.info !== null && (task.post()?.createdMs ?? -Infinity) > this.#nowMs() - dayMs);
    if (recent.length >= this.house.postsPerDay) throw new Refused('spam_risk_too_many_posts', 'The daily post cap from the API is reached for the current user.');
  }

  #of(account: string): Task[] {
    return this.#byAccount.get(account) ?? [];
  }

  async #status(request: StandInRequest): Promise<StandInAnswer> {
    const { account } = this.#granted(request, 'status', this.house.statusPerMinute, 'video.upload', 'video.publish');
    const fields = await json(request);
    const publishId = fields.string('publish_id');
    fields.done();
    const task = this.#tasks.get(publishId);
    if (!task) throw new Refused('invalid_publish_id', 'The publish_id does not exist.');
    if (task.account !== account.id) throw new Refused('token_not_authorized_for_specified_publish_id', 'The access_token does not have authorization for this publish_id.');
    return envelope('ok', '', task.status());
  }
}

