import type { Credentials } from '../../src/publishers/credentials.js';
import { LostReply, PlatformFault } from '../../src/publishers/faults.js';
import type { HttpRequest, HttpTransport } from '../../src/publishers/http.js';
import type { Publication, PublicationStep, PublishableClip } from '../../src/publishers/publisher.js';
import { tiktokPublisher } from '../../src/publishers/tiktok/index.js';
import type { FaultScript } from '../../src/sandbox/faults.js';
import { inProcessTransport } from '../../src/sandbox/in-process.js';
import { TikTokStandIn } from '../../src/sandbox/tiktok/index.js';
import { freshPublication, publishContext } from './publish-context.js';

const over = new Set(['published', 'scheduled', 'draft', 'failed', 'cancelled']);

/** A TikTok of its own, with its own time, and the rules by which snvg calls a publisher. */
export class TikTokWorld {
  nowMs = 1_800_000_000_000;
  readonly standIn = new TikTokStandIn({ nowMs: () => this.nowMs });
  /** `METHOD path` of every request that was sent. */
  readonly sent: string[] = [];
  /** Steps, faults and look-ups, for messages. */
  readonly log: string[] = [];
  readonly #http: HttpTransport;
  readonly #tokens = new Map<string, string>();

  constructor(script: FaultScript = () => undefined) {
    const inner = inProcessTransport([this.standIn], script);
    this.#http = {
      send: (request: HttpRequest) => {
        const url = new URL(request.url);
        this.sent.push(`${request.method} ${url.host === 'open-upload.tiktokapis.com' ? 'chunk' : url.pathname}`);
        return inner.send(request);
      },
    };
  }

  get http(): HttpTransport {
    return this.#http;
  }

  inits(): number {
    return this.sent.filter((line) => line.endsWith('/video/init/')).length;
  }

  tokenOf(account: string): string {
    return this.#tokens.get(account) ?? this.login(account);
  }

  login(account: string): string {
    const { accessToken } = this.standIn.issue({ id: account, name: account });
    this.#tokens.set(account, accessToken);
    return accessToken;
  }

  context(account: string, clip: PublishableClip, options: object): ReturnType<typeof publishContext> {
    const credentials = async (): Promise<Credentials> => ({ accountId: account, accountName: account, accessToken: this.tokenOf(account), scopes: [], expiresAtMs: null });
    return { ...publishContext({ clip, http: this.#http, options, clock: { nowMs: () => this.nowMs } }), credentials };
  }

  /** One call as the engine makes it: a post that may have been committed is looked up, everything else goes on. */
  async step(publication: Publication, clip: PublishableClip, options: object, committedHere: boolean): Promise<PublicationStep> {
    const context = this.context(publication.account, clip, options);
    if ((publication.state === 'committing' && !committedHere) || publication.state === 'unknown') {
      const found = await tiktokPublisher.lookup(publication, context);
      if ('found' in found) return found.found;
      if ('absent' in found) return found.absent;
      if ('later' in found) return { state: publication.state, handle: found.later.handle, notBeforeMs: found.later.notBeforeMs };
      return { state: 'unknown', problem: { code: 'undecided', message: found.undecided.reason, remedy: '', question: found.undecided.question } };
    }
    return tiktokPublisher.advance(publication, context);
  }

  /**
   * Moves a publication to its end, in simulated time. `killed` decides after each call whether the process dies before (`lost`) or
   * after (`kept`) its outcome is written; `until` stops early.
   */
  async run(account: string, clip: PublishableClip, given: { options?: object; killed?: () => 'lost' | 'kept' | undefined; until?: (publication: Publication) => boolean; from?: Publication; maxCalls?: number; login?: boolean } = {}): Promise<Publication> {
    let publication = given.from ?? freshPublication({ platform: 'tiktok', account, key: account });
    let committedHere = false;
    for (let call = 0; call < (given.maxCalls ?? 400); call += 1) {
      if (over.has(publication.state) || given.until?.(publication)) return publication;
      this.nowMs = Math.max(this.nowMs, publication.notBeforeMs ?? 0);
      try {
        const step = await this.step(publication, clip, given.options ?? {}, committedHere);
        const death = given.killed?.();
        this.log.push(`${publication.state} → ${step.state}${death === undefined ? '' : ` (killed, ${death})`}`);
        committedHere = step.state === 'committing' && death === undefined;
        if (death !== 'lost') publication = applied(publication, step);
        if (step.state === 'unknown' && death === undefined) return publication;
        this.nowMs += 500;
      } catch (error) {
        committedHere = false;
        publication = this.#afterFault(error, publication, given.login ?? true);
        if (publication.state === 'failed') return publication;
      }
    }
    throw new Error(`no end in sight:\n${this.log.slice(-30).join('\n')}`);
  }

  #afterFault(error: unknown, publication: Publication, login: boolean): Publication {
    if (error instanceof LostReply) {
      this.log.push(`${publication.state}: lost, ${error.message}`);
      this.nowMs += 5000;
      return publication;
    }
    if (!(error instanceof PlatformFault)) throw error;
    this.log.push(`${publication.state}: ${error.kind} ${error.code}`);
    if (error.kind === 'auth' && login) {
      this.login(publication.account);
      return publication;
    }
    if (error.kind === 'retry' || error.kind === 'quota') {
      this.nowMs = Math.max(this.nowMs + 1000, error.retryAtMs ?? this.nowMs + 10_000);
      return publication;
    }
    return { ...publication, state: 'failed', problem: { code: error.code, message: error.message, remedy: error.remedy } };
  }
}

/** As the ledger does: what a step does not name stays. */
export function applied(publication: Publication, step: PublicationStep): Publication {
  return {
    ...publication,
    state: step.state,
    handle: step.handle === undefined ? publication.handle : (JSON.parse(JSON.stringify(step.handle)) as Publication['handle']),
    url: step.url ?? publication.url,
    notBeforeMs: step.notBeforeMs ?? null,
    problem: step.problem ?? null,
  };
}
