import type { Credentials } from '../../../src/publishers/credentials.js';
import type { HttpAnswer, HttpRequest, HttpTransport } from '../../../src/publishers/http.js';
import type { Publication, Publisher } from '../../../src/publishers/publisher.js';
import type { Login } from '../../../src/pipeline/publish/order.js';
import type { FaultScript } from '../../../src/sandbox/faults.js';
import { inProcessTransport } from '../../../src/sandbox/in-process.js';
import type { StandInPost } from '../../../src/sandbox/stand-in.js';
import { openLedgerDocuments } from '../../../src/jobs/ledger-documents.js';
import type { LedgerDocuments } from '../../../src/ledger/documents.js';
import { openLedger } from '../../../src/ledger/open-ledger.js';
import type { OpenPlatform, PlatformCase } from './platform-case.js';

const startMs = Date.UTC(2026, 10, 25, 12);

/**
 * One platform with one account on it, and a ledger, in time of their own. The platform's clock is right; the machine's may be wrong by
 * `skewMs`. Time passes when somebody sleeps, and never while a request is under way.
 */
export class World {
  readonly given: PlatformCase;
  readonly publisher: Publisher;
  readonly account: { id: string; name: string };
  readonly options: unknown;
  readonly documents: LedgerDocuments;
  skewMs = 0;
  /** Chooses what goes wrong. */
  script: FaultScript = () => undefined;
  requests = 0;
  /** sha256 of the clip that was moved last. */
  workedOn: string | undefined;
  readonly #clock: { ms: number };
  readonly #platform: OpenPlatform;
  readonly #transport: HttpTransport;
  readonly #underWay = new Set<Promise<unknown>>();
  #credentials: Credentials | undefined;

  private constructor(given: PlatformCase, platform: OpenPlatform, clock: { ms: number }) {
    const { publisher, account, standIn } = platform;
    this.given = given;
    this.publisher = this.#watched(publisher);
    this.account = account;
    this.options = publisher.options.parse(given.options);
    this.documents = openLedgerDocuments(':memory:');
    this.#clock = clock;
    this.#platform = platform;
    // Without a stand-in every host is unknown, and the request is seen by whoever looks at what was sent.
    this.#transport = inProcessTransport(standIn ? [standIn] : [], (request) => {
      this.requests += 1;
      return this.script(request);
    });
  }

  static async make(given: PlatformCase): Promise<World> {
    const clock = { ms: startMs };
    return new World(given, await given.open(() => clock.ms), clock);
  }

  get platformMs(): number {
    return this.#clock.ms;
  }

  get machineMs(): number {
    return this.#clock.ms + this.skewMs;
  }

  /** What people find at the platform, oldest first. */
  posts(): Pick<StandInPost, 'account' | 'videoSha256'>[] {
    return this.#platform.posts();
  }

  /** @throws where there is no login */
  credentials(): Credentials {
    return (this.#credentials ??= this.#signIn());
  }

  /** As a refresh would. */
  renew(): Credentials {
    this.#credentials = undefined;
    return this.credentials();
  }

  /** As the engine is given it; null: the platform asks for none. */
  login(): Login | null {
    if (this.publisher.auth === null) return null;
    return { credentials: async () => this.credentials(), renew: async () => this.renew() };
  }

  /** What nothing but a request may hold. */
  secrets(): string[] {
    return [...this.#platform.secrets, ...(this.publisher.auth === null ? [] : [this.credentials().accessToken])];
  }

  readonly http: HttpTransport = {
    send: (request: HttpRequest): Promise<HttpAnswer> => {
      const answer = this.#transport.send(request);
      const settled = answer.catch(() => undefined);
      this.#underWay.add(settled);
      void settled.finally(() => this.#underWay.delete(settled));
      return answer;
    },
  };

  /** Lets time pass, after what is under way has arrived. */
  async pass(durationMs: number): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    this.#clock.ms += durationMs;
    // Others get their turn.
    await new Promise(setImmediate);
  }

  /** The ledger's publications by lineage. */
  async states(): Promise<Map<string, Publication>> {
    const self = { host: 'world', pid: 1, startTime: '1' };
    const ledger = await openLedger(this.documents, { self, clock: { nowMs: () => this.machineMs, monotonicMs: () => this.platformMs }, isAlive: () => true });
    return new Map((await ledger.list()).map((publication) => [publication.lineage, publication]));
  }

  #watched(publisher: Publisher): Publisher {
    const see = (publication: Publication): Publication => {
      this.workedOn = publication.clipSha256;
      return publication;
    };
    const watched: Pick<Publisher, 'advance' | 'lookup' | 'cancel'> = {
      advance: (publication, context) => publisher.advance(see(publication), context),
      lookup: (publication, context) => publisher.lookup(see(publication), context),
      cancel: (publication, context) => publisher.cancel(see(publication), context),
    };
    return Object.assign(Object.create(publisher) as Publisher, watched);
  }

  async close(): Promise<void> {
    await this.documents.close();
    this.#platform.close();
  }

  #signIn(): Credentials {
    const { account } = this;
    const scopes = this.publisher.auth?.scopes ?? [];
    const tokens = this.#platform.standIn?.issue?.(account, scopes);
    if (!tokens) throw new Error(`${this.given.id} logs nobody in`);
    return { accountId: account.id, accountName: account.name, accessToken: tokens.accessToken, scopes, expiresAtMs: tokens.expiresAtMs };
  }
}
