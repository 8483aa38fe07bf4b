import type { StandIn, StandInAnswer, StandInOptions, StandInPost, StandInRequest } from '../stand-in.js';
import type { Grant, IssuedTokens } from '../token-desk.js';
import { type Container, newContainer, stateOf, statusText, videoStatus } from './containers.js';
import { graphError, injected, invalidParameter, noSuchObject, unauthorized, uploadError, withoutPermission } from './graph-answers.js';
import { FacebookLogin } from './login.js';
import { cursor, fieldsOf, type Media, mediaFields, permalink } from './media.js';
import { isAnswer, type Parameters, readParameters, unknownOf } from './parameters.js';
import { wrongReelParameter } from './reel-parameters.js';
import { receiveFilm } from './upload.js';

interface Account {
  id: string;
  name: string;
  pageId: string;
}

const version = '/v25.0/';
const dayMs = 24 * 60 * 60 * 1000;
const publishScopes = ['instagram_basic', 'instagram_content_publish', 'pages_read_engagement'];
const readScopes = ['instagram_basic', 'pages_read_engagement'];

/** The Instagram Platform with Facebook Login, as its documentation of 2026 describes publishing a Reel from a local file. */
export class InstagramStandIn implements StandIn {
  readonly id = 'instagram';
  readonly hosts = ['graph.facebook.com', 'rupload.facebook.com', 'www.facebook.com'];
  readonly login: FacebookLogin;
  /** Posts that programs may make in 24 hours. */
  quotaTotal: number;
  /** How long a film is worked on after its upload. */
  processingMs: number;
  /** Logins cover every account, as when a person chooses several Pages in the dialog. */
  sharedLogin = false;
  /** Containers do not know the field `video_status`. */
  hidesVideoStatus = false;
  readonly #nowMs: () => number;
  readonly #accounts: Account[] = [];
  readonly #containers = new Map<string, Container>();
  readonly #media: Media[] = [];
  readonly #spoils: number[] = [];
  readonly #publishAnswers: { answer: StandInAnswer; after: boolean }[] = [];
  readonly #uploadAnswers: StandInAnswer[] = [];
  #lastNumber = 0;

  constructor(options: StandInOptions & { quotaTotal?: number; processingMs?: number }) {
    this.#nowMs = options.nowMs;
    this.quotaTotal = options.quotaTotal ?? 50;
    this.processingMs = options.processingMs ?? 20_000;
    this.login = new FacebookLogin(options);
  }

  /** A professional account that is linked to a Page. */
  addAccount(name: string): { id: string; name: string } {
    const account = { id: this.#number('178414'), name, pageId: this.#number('1000') };
    this.#accounts.push(account);
    return { id: account.id, name };
  }

  /** A token as after a login; an account that is not there yet is made. */
  issue(account: { id: string; name: string }, scopes: readonly string[]): IssuedTokens {
    if (!this.#accounts.some(({ id }) => id === account.id)) this.#accounts.push({ ...account, pageId: this.#number('1000') });
    return this.login.issue(account, scopes);
  }

  /** The next film that is uploaded ends in ERROR, with this subcode. */
  spoilNext(subcode: number): void {
    this.#spoils.push(subcode);
  }

  /** The next publishing answers this: before anything happened, or after it is public. */
  answerNextPublish(error: { status: number; code: number; subcode?: number }, after = false): void {
    this.#publishAnswers.push({ answer: graphError(error.status, error.code, 'As scripted.', error.subcode === undefined ? {} : { subcode: error.subcode }), after });
  }

  /** The next upload request answers this, without effect. */
  answerNextUpload(answer: StandInAnswer): void {
    this.#uploadAnswers.push(answer);
  }

  /** Makes an object unreadable, as Meta's servers do now and then. */
  forget(containerId: string): void {
    this.#containers.delete(containerId);
  }

  /** A post made by hand, in the app. */
  postByHand(account: { id: string }, caption: string): void {
    this.#post(account.id, caption, '');
  }

  posts(): StandInPost[] {
    return this.#media.map((media) => ({ id: media.id, account: media.account, url: permalink(media), text: media.caption, videoSha256: media.videoSha256, visibility: 'public', publishAtMs: null, createdMs: media.createdMs }));
  }

  refusal(status: number): StandInAnswer {
    return injected(status);
  }

  async handle(request: StandInRequest): Promise<StandInAnswer> {
    if (request.url.host === 'rupload.facebook.com') return this.#upload(request);
    if (!request.url.pathname.startsWith(version)) return graphError(400, 2500, 'Unknown path components, or a version that is not served here.');
    const path = request.url.pathname.slice(version.length).split('/').filter((part) => part !== '');
    if (request.url.host === 'www.facebook.com') return path.join('/') === 'dialog/oauth' ? this.login.dialog(request.url.searchParams, this.#accounts[0]) : { status: 404, body: 'Not found' };
    const parameters = await readParameters(request);
    if (isAnswer(parameters)) return parameters;
    if (path.join('/') === 'oauth/access_token') return this.login.token(parameters);
    const grant = this.login.check(bearer(request.headers['authorization']) ?? text(parameters, 'access_token'));
    if (grant === 'invalid') return unauthorized();
    return this.#graph(request.method, path, parameters, grant);
  }

  #graph(method: string, [node = '', edge]: string[], parameters: Parameters, grant: Grant): StandInAnswer {
    if (node === 'me') return this.#me(method, edge, grant);
    const account = this.#accounts.find(({ id }) => id === node);
    if (account && account.id === grant.account.id) {
      if (method === 'POST' && edge === 'media') return this.#allowed(grant, publishScopes) ?? this.#openContainer(account, parameters);
      if (method === 'POST' && edge === 'media_publish') return this.#allowed(grant, publishScopes) ?? this.#publish(account, parameters);
      if (method === 'GET' && edge === 'media') return this.#allowed(grant, readScopes) ?? this.#list(account, parameters);
      if (method === 'GET' && edge === 'content_publishing_limit') return this.#allowed(grant, publishScopes) ?? this.#limit(account, parameters);
      return graphError(400, 2500, `Unknown path components: /${edge ?? ''}`);
    }
    if (method !== 'GET' || edge !== undefined) return noSuchObject(node);
    const container = this.#containers.get(node);
    if (container && container.account === grant.account.id) return this.#allowed(grant, readScopes) ?? this.#container(container, parameters);
    const media = this.#media.find(({ id, account: owner }) => id === node && owner === grant.account.id);
    if (media) return this.#allowed(grant, readScopes) ?? fieldsOf('IGMedia', parameters, mediaFields(media));
    return noSuchObject(node);
  }

  #me(method: string, edge: string | undefined, grant: Grant): StandInAnswer {
    if (method !== 'GET') return graphError(400, 2500, 'Unknown path components: /me');
    if (edge === 'permissions') return { status: 200, body: { data: [...grant.scopes.map((permission) => ({ permission, status: 'granted' })), ...this.login.refusedScopes.map((permission) => ({ permission, status: 'declined' }))] } };
    if (edge !== 'accounts') return { status: 200, body: { id: '10000000000000001', name: 'Sandbox' } };
    if (!grant.scopes.includes('pages_show_list')) return { status: 200, body: { data: [] } };
    const pages = this.#accounts.filter(({ id }) => this.sharedLogin || id === grant.account.id).map(({ id, name, pageId }) => ({ id: pageId, name: `${name}'s Page`, instagram_business_account: { id, username: name } }));
    return { status: 200, body: { data: [...pages, { id: '1000999999', name: 'A Page without Instagram' }] } };
  }

  #openContainer(account: Account, parameters: Parameters): StandInAnswer {
    const wrong = wrongReelParameter(parameters);
    if (wrong) return wrong;
    const container = newContainer({ id: this.#number('179'), account: account.id, caption: String(parameters.get('caption') ?? '').trim(), createdMs: this.#nowMs() });
    this.#containers.set(container.id, container);
    return { status: 200, body: { id: container.id, uri: `https://rupload.facebook.com/ig-api-upload${version}${container.id}` } };
  }

  async #upload(request: StandInRequest): Promise<StandInAnswer> {
    const id = /^\/ig-api-upload\/v25\.0\/(\d+)$/.exec(request.url.pathname)?.[1];
    if (request.method !== 'POST' || id === undefined) return uploadError(404, 'NotFoundError', false, 'No such upload');
    const token = /^OAuth (\S+)$/.exec(request.headers['authorization'] ?? '')?.[1];
    const grant = this.login.check(token);
    const container = this.#containers.get(id);
    if (grant === 'invalid' || !container || container.account !== grant.account.id || this.#allowed(grant, publishScopes)) {
      return uploadError(200, 'ProcessingFailedError', false, '{"success":false,"error":{"message":"unauthorized user request"}}');
    }
    const scripted = this.#uploadAnswers.shift();
    if (scripted) return scripted;
    if (stateOf(container, this.#nowMs(), this.processingMs) === 'EXPIRED') return uploadError(400, 'ProcessingFailedError', false, 'The upload session has expired');
    const answer = await receiveFilm(request, container, this.#nowMs());
    if (container.completeMs !== undefined && answer.status === 200) container.spoiled = this.#spoils.shift();
    return answer;
  }

  #container(container: Container, parameters: Parameters): StandInAnswer {
    const state = stateOf(container, this.#nowMs(), this.processingMs);
    return fieldsOf('ShadowIGMediaBuilder', parameters, { id: container.id, status: statusText(container, state), status_code: state, ...(this.hidesVideoStatus ? {} : { video_status: videoStatus(container, state) }), copyright_check_status: { status: 'completed', matches_found: false } });
  }

  #publish(account: Account, parameters: Parameters): StandInAnswer {
    const unknown = unknownOf(parameters, ['creation_id']);
    if (unknown !== undefined) return invalidParameter(unknown);
    const scripted = this.#publishAnswers.shift();
    if (scripted && !scripted.after) return scripted.answer;
    const container = this.#containers.get(String(parameters.get('creation_id') ?? ''));
    if (!container || container.account !== account.id) return graphError(400, 24, 'The requested resource does not exist.', { subcode: 2207006 });
    const state = stateOf(container, this.#nowMs(), this.processingMs);
    if (state === 'EXPIRED') return graphError(400, -2, 'The media has expired.', { subcode: 2207020 });
    if (state === 'PUBLISHED') return graphError(400, 24, 'The media builder does not exist any more.', { subcode: 2207008 });
    if (state !== 'FINISHED') return graphError(400, 9007, 'The media is not ready to be published.', { subcode: 2207027 });
    if (this.#used(account) >= this.quotaTotal) return graphError(400, 9, 'The number of posts that programs may make is reached.', { subcode: 2207042 });
    const media = this.#post(account.id, container.caption, container.hash.copy().digest('hex'));
    container.mediaId = media.id;
    return scripted ? scripted.answer : { status: 200, body: { id: media.id } };
  }

  #list(account: Account, parameters: Parameters): StandInAnswer {
    const unknown = unknownOf(parameters, ['fields', 'limit', 'after', 'before', 'since', 'until']);
    if (unknown !== undefined) return invalidParameter(unknown);
    const own = this.#media.filter((media) => media.account === account.id).toReversed();
    const from = parameters.has('after') ? Number(Buffer.from(text(parameters, 'after') ?? '', 'base64url').toString()) : 0;
    const limit = Number(parameters.get('limit') ?? 25);
    if (!Number.isInteger(from) || !Number.isInteger(limit) || limit < 1 || limit > 100) return invalidParameter('limit or cursor');
    const page = own.slice(from, from + limit);
    const entries: object[] = [];
    for (const media of page) {
      const answer = fieldsOf('IGMedia', parameters, mediaFields(media));
      if (answer.status !== 200) return answer;
      entries.push(answer.body as object);
    }
    return { status: 200, body: { data: entries, ...(page.length > 0 ? { paging: { cursors: { before: cursor(from), after: cursor(from + page.length) } } } : {}) } };
  }

  #limit(account: Account, parameters: Parameters): StandInAnswer {
    const unknown = unknownOf(parameters, ['fields', 'since']);
    if (unknown !== undefined) return invalidParameter(unknown);
    const answer = fieldsOf('IGUserContentPublishingLimit', parameters, { quota_usage: this.#used(account), config: { quota_total: this.quotaTotal, quota_duration: dayMs / 1000 } });
    if (answer.status !== 200) return answer;
    return { status: 200, body: { data: [{ ...(answer.body as object), id: undefined }] } };
  }

  /** Posts of the last 24 hours that programs made. */
  #used(account: Account): number {
    return this.#media.filter((media) => media.account === account.id && media.videoSha256 !== '' && media.createdMs > this.#nowMs() - dayMs).length;
  }

  #post(account: string, caption: string, videoSha256: string): Media {
    const media = { id: this.#number('180'), account, caption, code: `C${this.#lastNumber.toString(36)}sandbox`, videoSha256, createdMs: this.#nowMs() };
    this.#media.push(media);
    return media;
  }

  #allowed(grant: Grant, scopes: readonly string[]): StandInAnswer | undefined {
    const missing = scopes.find((scope) => !grant.scopes.includes(scope));
    return missing === undefined ? undefined : withoutPermission(missing);
  }

  #number(prefix: string): string {
    this.#lastNumber += 1;
    return `${prefix}${String(this.#lastNumber).padStart(11, '0')}`;
  }
}

function text(parameters: Parameters, name: string): string | undefined {
  const value = parameters.get(name);
  return typeof value === 'string' ? value : undefined;
}

function bearer(header: string | undefined): string | undefined {
  return /^(?:Bearer|OAuth) (\S+)$/.exec(header ?? '')?.[1];
}
