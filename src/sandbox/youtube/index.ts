import type { StandIn, StandInAnswer, StandInOptions, StandInPost, StandInRequest } from '../stand-in.js';
import type { IssuedTokens } from '../token-desk.js';
import { googleError, injected, Refused } from './answers.js';
import { DataApi } from './data-api.js';
import { type Consent, GoogleLogin, scopes } from './oauth.js';
import type { ChannelFacts } from './channels.js';
import type { DailyQuota } from './project-quota.js';

export interface YoutubeStandInOptions extends StandInOptions {
  /** False: the API project was not audited, and what it uploads stays private. */
  audited?: boolean;
  /** How long the work on a film takes. */
  processingMs?: number;
  /** How long an upload session is known. */
  sessionLifetimeMs?: number;
  /** After this a new video is among its channel's uploads. */
  listingMs?: number;
  quota?: Partial<DailyQuota>;
}

/** An account whose channel does not exist: `issue` it a login to see what YouTube says then. */
export const withoutChannel = { id: '', name: 'Nobody' } as const;

const consentOf: Consent = { account: { id: 'UCsandbox0000000000000000', name: 'Rehearsal' }, answer: 'granted' };

/** Google's login and the part of YouTube's Data API v3 that uploads need. Limits and costs as of 2026-11-25. */
export class YoutubeStandIn implements StandIn {
  readonly id = 'youtube';
  readonly hosts = ['www.googleapis.com', 'youtube.googleapis.com', 'oauth2.googleapis.com', 'accounts.google.com'] as const;
  readonly login: GoogleLogin;
  readonly #api: DataApi;
  readonly #nowMs: () => number;

  constructor(options: YoutubeStandInOptions) {
    this.#nowMs = options.nowMs;
    this.login = new GoogleLogin(options.nowMs, consentOf);
    this.#api = new DataApi({
      nowMs: options.nowMs,
      login: this.login,
      audited: options.audited ?? true,
      processingMs: options.processingMs ?? 20_000,
      sessionLifetimeMs: options.sessionLifetimeMs ?? 7 * 86_400_000,
      listingMs: options.listingMs ?? 60_000,
      quota: { uploads: 100, units: 10_000, ...options.quota },
    });
  }

  async handle(request: StandInRequest): Promise<StandInAnswer> {
    const answer = await this.#route(request);
    return { ...answer, headers: { date: new Date(this.#nowMs()).toUTCString(), ...answer.headers } };
  }

  refusal(status: number): StandInAnswer {
    return injected(status);
  }

  posts(): StandInPost[] {
    return this.#api.posts();
  }

  /** Logs an account in, with all the rights that uploading needs if none are named. */
  issue(account: { id: string; name: string }, granted: readonly string[] = [scopes.upload, scopes.manage]): IssuedTokens {
    return this.login.issue(account, granted);
  }

  /** What is true of an account's channel; to be changed in place. */
  facts(account: { id: string; name: string }): ChannelFacts {
    return this.#api.channels.of(account).facts;
  }

  set audited(audited: boolean) {
    this.#api.audited = audited;
  }

  /** What the project has used of today's quota. */
  get used(): DailyQuota {
    return this.#api.quota.used;
  }

  set quota(limits: Partial<DailyQuota>) {
    this.#api.quota.limits = { ...this.#api.quota.limits, ...limits };
  }

  /** Ends all upload sessions, complete ones included. */
  forgetSessions(): void {
    this.#api.sessions.forget();
  }

  /** Cover and caption tracks of a video, for tests. Undefined: there is none. */
  extrasOf(videoId: string): { thumbnailSha256: string | undefined; captions: { language: string; name: string; text: string }[] } | undefined {
    return this.#api.videos.get(videoId);
  }

  /** As its owner would in YouTube Studio. */
  deleteVideo(videoId: string): void {
    this.#api.videos.remove(videoId);
  }

  async #route(request: StandInRequest): Promise<StandInAnswer> {
    const { method, url } = request;
    try {
      switch (`${method} ${url.host}${url.pathname}`) {
        case 'GET accounts.google.com/o/oauth2/v2/auth':
          return this.login.authorize(url);
        case 'POST oauth2.googleapis.com/token':
          return await this.login.token(request);
        case 'POST oauth2.googleapis.com/revoke':
          return await this.login.revocation(request);
        case 'POST oauth2.googleapis.com/device/code':
          return await this.login.device(request);
        default:
          if (url.host === 'www.googleapis.com' || url.host === 'youtube.googleapis.com') return await this.#api.handle(request);
          return googleError(404, 'notFound', 'Not Found');
      }
    } catch (error) {
      if (error instanceof Refused) return error.answer;
      throw error;
    }
  }
}
