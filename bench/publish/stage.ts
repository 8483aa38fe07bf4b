import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { PublishableClip } from '../../src/publishers/publisher.js';
import type { FaultScript } from '../../src/sandbox/faults.js';
import { type SandboxServer, serveStandIns } from '../../src/sandbox/server.js';
import type { StandIn } from '../../src/sandbox/stand-in.js';
import { type NetworkCase, standInFor } from '../../test/publish/world/platform-case.js';

const app = join(import.meta.dirname, '../alone/publisher.mjs');
const firstMs = Date.UTC(2026, 10, 25, 12);

/** What a process that was not killed says in the end. */
export interface AppReport {
  ended: { sha256: string; outcome: string; problem: { code: string; message: string } | null }[];
  stopped: string | null;
  startRssBytes: number;
  peakRssBytes: number;
}

export interface StageOptions {
  /** A folder for the ledger and the processes' orders. */
  dir: string;
  clips: readonly PublishableClip[];
  /** How many times faster than the machine's the platform's clock runs. */
  scale: number;
  longestTimeoutMs?: number;
}

/** A stand-in behind real sockets, a ledger on the disk, and real processes that publish. */
export class Stage {
  readonly standIn: StandIn;
  readonly ledgerPath: string;
  script: FaultScript = () => undefined;
  /** Bytes of request bodies that have arrived. */
  receivedBytes = 0;
  requests = 0;
  readonly #given: NetworkCase;
  readonly #options: StageOptions;
  readonly #clock: { startMs: number; realStartMs: number; scale: number };
  readonly #arrivals = new EventEmitter().setMaxListeners(0);
  #server: SandboxServer | undefined;
  #started = 0;

  private constructor(given: NetworkCase, options: StageOptions, standIn: StandIn, clock: Stage['clock']) {
    this.#given = given;
    this.#options = options;
    this.standIn = standIn;
    this.#clock = clock;
    this.ledgerPath = join(options.dir, 'ledger.sqlite');
  }

  static async open(given: NetworkCase, options: StageOptions): Promise<Stage> {
    const clock = { startMs: firstMs, realStartMs: Date.now(), scale: options.scale };
    const stage: Stage = new Stage(given, options, await standInFor(given.id, () => stage.nowMs()), clock);
    stage.#server = await serveStandIns({
      standIns: [stage.#counted()],
      script: (request) => {
        stage.requests += 1;
        stage.#arrivals.emit('request');
        return stage.script(request);
      },
    });
    return stage;
  }

  get clock(): { startMs: number; realStartMs: number; scale: number } {
    return this.#clock;
  }

  nowMs(): number {
    const { startMs, realStartMs, scale } = this.#clock;
    return startMs + (Date.now() - realStartMs) * scale;
  }

  /** Resolves when `count` more requests have arrived, the last one not yet seen by the stand-in. */
  async arrivals(count: number, signal: AbortSignal): Promise<void> {
    for (let left = count; left > 0; left -= 1) await once(this.#arrivals, 'request', { signal });
  }

  /** Lets hours pass at once. Only while no process runs. */
  pass(durationMs: number): void {
    this.#clock.startMs += durationMs;
  }

  /** Faults of the stand-in itself. */
  get failures(): readonly unknown[] {
    return this.#server?.failures ?? [];
  }

  start(skewMs = 0): AppProcess {
    this.#started += 1;
    const orders = join(this.#options.dir, `orders-${this.#started}.json`);
    const { clips, longestTimeoutMs } = this.#options;
    const { id, options, account } = this.#given;
    writeFileSync(orders, JSON.stringify({ platform: id, options, account, sandboxUrl: this.#server?.url, ledger: this.ledgerPath, clips, clock: { ...this.#clock, skewMs }, longestTimeoutMs }));
    return new AppProcess(spawn(process.execPath, [app, orders], { stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  /** The stand-in, with what arrives counted. */
  #counted(): StandIn {
    const { standIn } = this;
    const counted: Pick<StandIn, 'handle'> = {
      handle: (request) =>
        standIn.handle({
          ...request,
          body: () => this.#counting(request.body()),
        }),
    };
    return new Proxy(standIn, { get: (target, name) => (name === 'handle' ? counted.handle : bound(target, name)) });
  }

  async *#counting(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const chunk of body) {
      this.receivedBytes += chunk.length;
      yield chunk;
    }
  }
}

function bound(target: StandIn, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name, target);
  return typeof value === 'function' ? value.bind(target) : value;
}

/** One process that publishes. */
export class AppProcess {
  readonly #child: ChildProcess;
  /** Resolves when it begins to publish, or has ended. */
  readonly ready: Promise<unknown>;
  /** Undefined: it was killed. */
  readonly ended: Promise<AppReport | undefined>;
  #stderr = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    let report: AppReport | undefined;
    const begun = new EventEmitter();
    const exited = once(child, 'close');
    this.ready = once(begun, 'ready');
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr = (this.#stderr + text).slice(-4_000)));
    if (child.stdout) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line === 'ready') begun.emit('ready');
        else if (line.startsWith('{')) report = JSON.parse(line) as AppReport;
      });
    }
    this.ended = exited.then(() => {
      begun.emit('ready');
      const { exitCode, signalCode } = child;
      if (signalCode === 'SIGKILL') return undefined;
      if (!report) throw new Error(`a publishing process ended with ${exitCode ?? signalCode}:\n${this.#stderr}`);
      return report;
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
