import type { StandIn, StandInAnswer, StandInOptions, StandInPost, StandInRequest } from '../stand-in.js';
import type { IssuedTokens } from '../token-desk.js';
import { Snowflakes } from './ids.js';
import { type Account, allScopes, XLogins } from './logins.js';
import type { OAuth1Login } from './oauth1.js';
import { Posts } from './posts.js';
import { forbidden, invalidRequest, notEnrolled, notFound, problem, unauthorized } from './problems.js';
import { Uploads } from './uploads.js';
import { type Endpoint, RequestWindows } from './windows.js';

/** One endpoint: who may call it, what it is counted as, and what it does. */
interface Route {
  method: string;
  path: RegExp;
  scopes: readonly string[];
  endpoint: Endpoint;
  run(request: StandInRequest, account: Account, id: string): StandInAnswer | Promise<StandInAnswer>;
}

/** X: OAuth 2.0 and 1.0a, media upload v2, posts and timelines, by the published specification 2.167. */
export class XStandIn implements StandIn {
  readonly id = 'x';
  readonly hosts = ['api.x.com', 'x.com'];
  readonly logins: XLogins;
  readonly uploads: Uploads;
  readonly timelines: Posts;
  /** Whether the app's plan lets it read timelines. */
  readsTimelines = true;
  /** Whether requests are counted and refused beyond X's limits. */
  countsRequests = true;
  readonly #windows: RequestWindows;
  readonly #accounts = new Map<string, Account>();
  readonly #nowMs: () => number;
  readonly #routes: readonly Route[];

  constructor({ nowMs }: StandInOptions) {
    this.#nowMs = nowMs;
    const ids = new Snowflakes(nowMs);
    this.logins = new XLogins(nowMs);
    this.uploads = new Uploads(nowMs, ids);
    this.timelines = new Posts(nowMs, ids, this.uploads);
    this.#windows = new RequestWindows(nowMs);
    const media = ['media.write'];
    const read = ['tweet.read', 'users.read'];
    this.#routes = [
      { method: 'POST', path: /^\/2\/media\/upload\/initialize$/, scopes: media, endpoint: 'initialize', run: (request, { id: owner }) => this.uploads.initialize(request, owner) },
      { method: 'POST', path: /^\/2\/media\/upload\/([^/]+)\/append$/, scopes: media, endpoint: 'append', run: (request, { id: owner }, id) => this.uploads.append(request, id, owner) },
      { method: 'POST', path: /^\/2\/media\/upload\/([^/]+)\/finalize$/, scopes: media, endpoint: 'finalize', run: (_, { id: owner }, id) => this.uploads.finalize(id, owner) },
      { method: 'GET', path: /^\/2\/media\/upload$/, scopes: media, endpoint: 'status', run: (request, { id: owner }) => this.uploads.status(request, owner) },
      { method: 'POST', path: /^\/2\/media\/upload$/, scopes: media, endpoint: 'status', run: () => invalidRequest('Uploads in parts are made by /2/media/upload/initialize, /append and /finalize; videos are not taken whole.', { command: [] }) },
      { method: 'POST', path: /^\/2\/media\/metadata$/, scopes: media, endpoint: 'metadata', run: (request, { id: owner }) => this.uploads.describe(request, owner) },
      { method: 'POST', path: /^\/2\/media\/subtitles$/, scopes: media, endpoint: 'subtitles', run: (request, { id: owner }) => this.uploads.attachSubtitles(request, owner) },
      { method: 'POST', path: /^\/2\/tweets$/, scopes: ['tweet.read', 'tweet.write', 'users.read'], endpoint: 'post', run: (request, account) => this.timelines.create(request, account) },
      { method: 'GET', path: /^\/2\/users\/me$/, scopes: read, endpoint: 'me', run: (request, { id, name }) => (request.url.search === '' ? { status: 200, body: { data: { id, name, username: name } } } : invalidRequest('Only the default fields are played here.')) },
      { method: 'GET', path: /^\/2\/users\/([^/]+)\/tweets$/, scopes: read, endpoint: 'timeline', run: (request, _, id) => this.#timeline(request, id) },
    ];
  }

  /** A login as the token endpoint gives it; with all scopes that publishing needs, unless others are named. */
  issue(account: Account, scopes: readonly string[] = allScopes): IssuedTokens {
    this.#accounts.set(account.id, account);
    return this.logins.issue(account, scopes);
  }

  /** Keys for OAuth 1.0a. */
  issueOAuth1(account: Account): OAuth1Login {
    this.#accounts.set(account.id, account);
    return this.logins.issueOAuth1(account);
  }

  async handle(request: StandInRequest): Promise<StandInAnswer> {
    const answer = await this.#answer(request);
    return { ...answer, headers: { date: new Date(this.#nowMs()).toUTCString(), ...answer.headers } };
  }

  refusal(status: number): StandInAnswer {
    const headers = { date: new Date(this.#nowMs()).toUTCString() };
    if (status === 401) return { ...unauthorized(), headers };
    if (status === 403) return { ...forbidden(), headers };
    if (status === 429) return { ...problem(429, 'Too Many Requests', 'Too Many Requests'), headers: { ...headers, 'x-rate-limit-limit': '100', 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': String(Math.ceil(this.#nowMs() / 1000) + 60) } };
    const titles: Record<number, string> = { 400: 'Invalid Request', 404: 'Not Found Error', 409: 'Conflict', 500: 'Internal Server Error', 502: 'Bad Gateway', 503: 'Service Unavailable', 504: 'Gateway Timeout' };
    const title = titles[status] ?? 'Error';
    return { ...problem(status, title, title), headers };
  }

  posts(): StandInPost[] {
    return this.timelines.all.map(({ id, account, url, text, videoSha256, visibility, publishAtMs, createdMs }) => ({ id, account, url, text, videoSha256, visibility, publishAtMs, createdMs }));
  }

  async #answer(request: StandInRequest): Promise<StandInAnswer> {
    const { method, url } = request;
    if (url.host === 'x.com') return method === 'GET' && url.pathname === '/i/oauth2/authorize' ? this.#authorize(request) : notFound('page', url.pathname);
    if (url.pathname === '/2/oauth2/token' || url.pathname === '/2/oauth2/revoke') {
      if (method !== 'POST') return problem(405, 'Method Not Allowed', 'Method Not Allowed');
      return url.pathname.endsWith('token') ? this.logins.token(request) : this.logins.revoke(request);
    }
    const atPath = this.#routes.filter(({ path }) => path.test(url.pathname));
    const route = atPath.find((candidate) => candidate.method === method);
    if (!route) return atPath.length > 0 ? problem(405, 'Method Not Allowed', 'Method Not Allowed') : notFound('endpoint', url.pathname);
    const login = this.logins.check(request);
    if (!login) return unauthorized();
    if (!route.scopes.every((scope) => login.may(scope))) return forbidden();
    const counted = this.countsRequests ? this.#windows.count(route.endpoint, login.account.id) : { over: false, headers: {} };
    const answer = counted.over ? problem(429, 'Too Many Requests', 'Too Many Requests') : await route.run(request, login.account, route.path.exec(url.pathname)?.[1] ?? '');
    return { ...answer, headers: { ...counted.headers, ...answer.headers } };
  }

  #authorize(request: StandInRequest): StandInAnswer {
    if (this.logins.person) this.#accounts.set(this.logins.person.id, this.logins.person);
    return this.logins.authorize(request);
  }

  #timeline(request: StandInRequest, id: string): StandInAnswer {
    if (!this.readsTimelines) return notEnrolled();
    return this.#accounts.has(id) ? this.timelines.timeline(request, id) : notFound('user', id);
  }
}
