import { refreshTokens } from '../../../src/accounts/token-endpoint.js';
import { LostReply, PlatformFault } from '../../../src/publishers/faults.js';
import type { Credentials } from '../../../src/publishers/credentials.js';
import type { Publication, PublicationStep, PublishableClip, PublishContext } from '../../../src/publishers/publisher.js';
import { youtubeAuth } from '../../../src/publishers/youtube/auth.js';
import { youtubePublisher } from '../../../src/publishers/youtube/index.js';
import type { FaultScript } from '../../../src/sandbox/faults.js';
import { inProcessTransport } from '../../../src/sandbox/in-process.js';
import type { StandInRequest } from '../../../src/sandbox/stand-in.js';
import { YoutubeStandIn, type YoutubeStandInOptions } from '../../../src/sandbox/youtube/index.js';
import { freshPublication, publishContext } from '../../support/publish-context.js';

export const channel = { id: 'UCmaker', name: 'Maker' };
/** Noon in California on 2026-11-25. */
export const noonMs = Date.UTC(2026, 10, 25, 20);
const settledStates = new Set(['published', 'scheduled', 'draft', 'failed', 'cancelled', 'unknown']);

/** A stand-in, a login to it and a clock moved by hand: what the program around a publisher is to it. */
export class YoutubeRun {
  nowMs = noonMs;
  readonly standIn: YoutubeStandIn;
  readonly requests: StandInRequest[] = [];
  readonly steps: PublicationStep[] = [];
  readonly notices: string[] = [];
  publication: Publication;
  faults: FaultScript = () => undefined;
  options: unknown = {};
  refreshes = 0;
  readonly #login: { accessToken: string; refreshToken: string };
  #accessToken: string;

  constructor(options: Partial<YoutubeStandInOptions> = {}, changes: Partial<Publication> = {}) {
    this.standIn = new YoutubeStandIn({ ...options, nowMs: () => this.nowMs });
    this.#login = this.standIn.issue(channel);
    this.#accessToken = this.#login.accessToken;
    this.publication = freshPublication({ platform: 'youtube', account: channel.id, accountName: channel.name, ...changes });
  }

  context(clip: PublishableClip): PublishContext {
    const transport = inProcessTransport([this.standIn], (request) => {
      this.requests.push(request);
      return this.faults(request);
    });
    return { ...publishContext({ clip, http: transport, options: this.options, clock: { nowMs: () => this.nowMs } }), credentials: async () => this.credentials };
  }

  get credentials(): Credentials {
    return { accountId: channel.id, accountName: channel.name, accessToken: this.#accessToken, scopes: youtubeAuth.scopes, expiresAtMs: null };
  }

  get accessToken(): string {
    return this.#accessToken;
  }

  /** What the requests were, in short. */
  get log(): string[] {
    return this.requests.map(({ method, url, headers }) => `${method} ${url.pathname.replace(/^.*\/v3\//, '')}${headers['content-range'] === undefined ? '' : ` ${headers['content-range']}`}`);
  }

  record(step: PublicationStep): void {
    this.steps.push(step);
    if (step.notice) this.notices.push(step.notice.message);
    const { state, handle, url, notBeforeMs, problem } = step;
    this.publication = structuredClone({
      ...this.publication,
      state,
      ...(handle === undefined ? {} : { handle }),
      ...(url === undefined ? {} : { url }),
      notBeforeMs: notBeforeMs ?? null,
      problem: problem ?? null,
    });
  }

  /** One turn of the program's loop: never `advance` in `committing` unless the step before wrote it. */
  async turn(clip: PublishableClip, resumed: boolean): Promise<'moved' | 'lookup' | 'settled'> {
    const context = this.context(clip);
    this.nowMs = Math.max(this.nowMs, this.publication.notBeforeMs ?? 0);
    if (this.publication.state === 'committing' && resumed) {
      const lookup = await youtubePublisher.lookup(this.publication, context);
      if ('later' in lookup) {
        this.publication = { ...this.publication, handle: lookup.later.handle, notBeforeMs: lookup.later.notBeforeMs };
        return 'lookup';
      }
      if ('undecided' in lookup) this.record({ state: 'unknown', problem: { code: 'undecided', message: lookup.undecided.reason, remedy: '', question: lookup.undecided.question } });
      else this.record('found' in lookup ? lookup.found : lookup.absent);
    } else this.record(await youtubePublisher.advance(this.publication, context));
    return settledStates.has(this.publication.state) ? 'settled' : 'moved';
  }

  /** Runs to the end as the engine would, through lost replies, retries, and one refresh of the login for each 401. */
  async finish(clip: PublishableClip, maxTurns = 200): Promise<Publication> {
    let resumed = false;
    for (let turn = 0; turn < maxTurns; turn += 1) {
      try {
        const outcome = await this.turn(clip, resumed);
        resumed = outcome === 'lookup';
        if (outcome === 'settled') return this.publication;
      } catch (error) {
        resumed = true;
        if (error instanceof LostReply) this.nowMs += 5_000;
        else if (error instanceof PlatformFault && error.kind === 'retry') this.nowMs = Math.max(this.nowMs + 5_000, error.retryAtMs ?? 0);
        else if (error instanceof PlatformFault && error.code === 'authError') await this.#refresh(clip);
        else throw error;
      }
    }
    throw new Error(`still ${this.publication.state} after ${maxTurns} turns`);
  }

  async #refresh(clip: PublishableClip): Promise<void> {
    const { http, signal } = this.context(clip);
    const tokens = await refreshTokens(youtubeAuth, this.#login, { http, signal, nowMs: () => this.nowMs, client: { clientId: 'app', clientSecret: 'secret' } }).catch(() => undefined);
    if (!tokens) return;
    this.refreshes += 1;
    this.#accessToken = tokens.accessToken;
  }
}
