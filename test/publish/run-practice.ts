import { openLedgerDocuments } from '../../src/jobs/ledger-documents.js';
import { DocumentLedger } from '../../src/ledger/document-ledger.js';
import type { LedgerDocuments } from '../../src/ledger/documents.js';
import type { Ledger } from '../../src/ledger/ledger.js';
import { HostBreaker } from '../../src/pipeline/publish/breaker.js';
import type { AccountRun, Order, PublishEvent } from '../../src/pipeline/publish/order.js';
import { runAccount, type AccountResult } from '../../src/pipeline/publish/run-account.js';
import { usualPatience, type Timing } from '../../src/pipeline/publish/timing.js';
import type { Credentials } from '../../src/publishers/credentials.js';
import type { HttpTransport } from '../../src/publishers/http.js';
import type { PublishableClip, Publisher } from '../../src/publishers/publisher.js';
import type { FaultScript } from '../../src/sandbox/faults.js';
import { inProcessTransport } from '../../src/sandbox/in-process.js';
import { HandClock } from '../ledger/open-test-ledger.js';
import { smallClip } from '../support/publish-context.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { practicePublisher, type PracticePlatform } from './practice-platform.js';

/** The process was killed: from here on nothing it does has any effect. */
class Killed extends Error {
  override readonly name = 'Killed';
}

/** Counts everything a process does to the outside, and dies at one of them, before or after its effect. */
export class Life {
  #actions = 0;
  #dead = false;
  readonly #dies: { at: number; after: boolean } | undefined;

  constructor(dies?: { at: number; after: boolean }) {
    this.#dies = dies;
  }

  get actions(): number {
    return this.#actions;
  }

  get dead(): boolean {
    return this.#dead;
  }

  async act<T>(action: () => Promise<T>): Promise<T> {
    if (this.#dead) throw new Killed();
    this.#actions += 1;
    const dying = this.#actions === this.#dies?.at;
    if (dying && !this.#dies?.after) this.#die();
    const result = await action();
    if (dying) this.#die();
    return result;
  }

  #die(): never {
    this.#dead = true;
    throw new Killed();
  }
}

/** Time that passes only while somebody sleeps. */
export function handTiming(clock: HandClock): Timing {
  return {
    nowMs: clock.nowMs,
    sleep: async (durationMs, signal) => {
      await Promise.resolve();
      signal.throwIfAborted();
      clock.pass(durationMs);
    },
    random: () => 0.5,
  };
}

export interface Practice {
  platform: PracticePlatform;
  documents: LedgerDocuments;
  clock: HandClock;
}

export function practice(platform: PracticePlatform, documents: LedgerDocuments = openLedgerDocuments(':memory:')): Practice {
  return { platform, documents, clock: new HandClock() };
}

const dead = new Set<number>();
let nextPid = 100;

/** A process that may be killed: its ledger, whose writes are counted, and its way to the platform. */
export function startProcess({ platform, documents, clock }: Practice, options: { life?: Life; faults?: FaultScript; host?: string } = {}): { ledger: Ledger; http: HttpTransport; end(): void } {
  const life = options.life ?? new Life();
  const pid = nextPid++;
  const counted: LedgerDocuments = {
    place: documents.place,
    read: async (id) => {
      if (life.dead) throw new Killed();
      return documents.read(id);
    },
    write: (id, version, body) => life.act(() => documents.write(id, version, body)),
    list: (prefix) => documents.list(prefix),
    close: async () => {},
  };
  const http = inProcessTransport([platform], options.faults);
  return {
    ledger: new DocumentLedger(counted, { self: { host: options.host ?? 'here', pid, startTime: '1', place: options.host ?? 'boot' }, clock, isAlive: (other) => !dead.has(other.pid) }),
    http: { send: (request) => life.act(() => http.send(request)) },
    end: () => dead.add(pid),
  };
}

export const credentials: Credentials = { accountId: 'me', accountName: 'Me', accessToken: 'token', scopes: [], expiresAtMs: null };

export interface RunOptions {
  publisher?: Publisher;
  life?: Life;
  faults?: FaultScript;
  again?: boolean;
  insist?: boolean;
  wait?: boolean;
  host?: string;
  signal?: AbortSignal;
  login?: AccountRun['login'];
  account?: string;
  events?: PublishEvent[];
  run?: Partial<AccountRun>;
}

export const fixedLogin = { credentials: async () => credentials, renew: async () => credentials };

/** One process publishes the clips to the account `me`. */
export async function publishOnce(on: Practice, posted: readonly PublishableClip[], options: RunOptions = {}): Promise<AccountResult> {
  const { ledger, http, end } = startProcess(on, options);
  try {
    return await runAccount(
      {
        ledger,
        publisher: options.publisher ?? practicePublisher(),
        account: { id: options.account ?? 'me', name: 'Me' },
        login: options.login ?? fixedLogin,
        http: new HostBreaker(on.clock.nowMs).guard(http),
        timing: handTiming(on.clock),
        patience: usualPatience,
        signal: options.signal ?? new AbortController().signal,
        wait: options.wait ?? false,
        event: (event) => options.events?.push(event),
        ...options.run,
      },
      posted.map((clip) => orderFor(clip, options)),
    );
  } finally {
    end();
  }
}

export function orderFor(clip: PublishableClip, options: Pick<RunOptions, 'again' | 'insist' | 'publisher' | 'account'> = {}): Order {
  const number = Number(/^\d+/.exec(clip.stem)?.[0] ?? 1);
  return {
    identity: { sourceSha256: 'b'.repeat(64), lineage: `m${number}`, platform: options.publisher?.id ?? 'practice', account: options.account ?? 'me' },
    claimed: { jobId: 'job', clipSha256: clip.sha256, title: clip.title, ranges: [{ startUs: number * 60e6, endUs: number * 60e6 + 30e6 }], accountName: 'Me', dueMs: null, saga: null },
    clip,
    options: {},
    again: options.again ?? false,
    insist: options.insist ?? false,
  };
}

/** Clips `01-…`, `02-…` of ten bytes each. */
export function clips(count: number, changes: Partial<PublishableClip> & { bytes?: Uint8Array } = {}): PublishableClip[] {
  const dir = temporaryFolder();
  return Array.from({ length: count }, (_, index) => smallClip(dir, { stem: `${String(index + 1).padStart(2, '0')}-clip`, title: `Clip ${index + 1}`, bytes: Buffer.from('0123456789'), ...changes }));
}

/** The outcomes of a run that was not left to somebody else. */
export function outcomes(result: AccountResult): string[] {
  if ('heldBy' in result) throw new Error(`held by ${result.heldBy.pid}`);
  return result.ended.map(({ outcome }) => outcome);
}
