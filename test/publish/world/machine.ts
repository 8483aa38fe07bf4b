import type { LedgerDocument, LedgerDocuments } from '../../../src/ledger/documents.js';
import type { Ledger } from '../../../src/ledger/ledger.js';
import { openLedger } from '../../../src/ledger/open-ledger.js';
import type { AccountRun, Order } from '../../../src/pipeline/publish/order.js';
import { type AccountResult, runAccount } from '../../../src/pipeline/publish/run-account.js';
import { usualPatience } from '../../../src/pipeline/publish/timing.js';
import type { World } from './world.js';

/** Longer than any test's time, because leases are renewed in real time; whose process lives is known here. */
const leaseMs = 60 * 86_400_000;

/** Decides at each moment of a run whether the process dies, falls asleep or goes on. */
export type Fate = (moment: 'ledger' | 'request' | 'reply' | 'sleep') => 'die' | 'sleep' | undefined;

/** How a run ended. Of the killed and the sleeping nothing is known but what they left in the ledger and at the platform. */
export type RunEnd = AccountResult | 'killed' | 'asleep';

let lastPid = 1000;

/** Processes of one machine that publish in a world. */
export class Machine {
  readonly #world: World;
  readonly #alive = new Set<number>();

  constructor(world: World) {
    this.#world = world;
  }

  /** A process that has not begun. */
  process(fate: Fate = () => undefined, random: () => number = Math.random): SimulatedProcess {
    lastPid += 1;
    return new SimulatedProcess({ world: this.#world, alive: this.#alive, pid: lastPid, fate, random });
  }
}

interface ProcessParts {
  world: World;
  alive: Set<number>;
  pid: number;
  fate: Fate;
  random(): number;
}

/**
 * The real engine and ledger in a process that can be killed or put to sleep wherever it waits for something: a killed one's promises
 * never settle, a sleeping one's settle after `wake`, and others take it for dead meanwhile.
 */
export class SimulatedProcess {
  readonly #parts: ProcessParts;
  #ledger: Ledger | undefined;
  #dead = false;
  #woken: Promise<void> | undefined;
  #wake: () => void = () => {};
  #fellAsleep: () => void = () => {};
  #died: () => void = () => {};
  #running: Promise<AccountResult> | undefined;

  constructor(parts: ProcessParts) {
    this.#parts = parts;
  }

  async run(orders: readonly Order[]): Promise<RunEnd> {
    this.#parts.alive.add(this.#parts.pid);
    return this.#until(() => (this.#running = this.#publish(orders)));
  }

  /** Ends the sleep: the run goes on. */
  async wake(): Promise<RunEnd> {
    const running = this.#running;
    if (!running) throw new Error('it never ran');
    this.#parts.alive.add(this.#parts.pid);
    return this.#until(() => {
      this.#woken = undefined;
      this.#wake();
      return running;
    });
  }

  #until(goOn: () => Promise<AccountResult>): Promise<RunEnd> {
    const killed = new Promise<'killed'>((resolve) => (this.#died = () => resolve('killed')));
    const asleep = new Promise<'asleep'>((resolve) => (this.#fellAsleep = () => resolve('asleep')));
    return Promise.race([goOn(), killed, asleep]);
  }

  async #publish(orders: readonly Order[]): Promise<AccountResult> {
    const { world, alive, pid, random } = this.#parts;
    const ledger = await openLedger(this.#documents(world.documents), {
      self: { host: 'machine', pid, startTime: String(pid) },
      clock: { nowMs: () => world.machineMs, monotonicMs: () => world.platformMs },
      isAlive: (other) => alive.has(other.pid),
      leaseMs,
    });
    this.#ledger = ledger;
    const run: AccountRun = {
      ledger,
      publisher: world.publisher,
      account: world.account,
      login: world.login(),
      http: {
        send: async (request) => {
          await this.#moment('request');
          const answer = await world.http.send(request).then(
            (whole) => () => whole,
            (error: unknown) => () => {
              throw error;
            },
          );
          await this.#moment('reply');
          return answer();
        },
      },
      timing: {
        nowMs: () => world.machineMs,
        sleep: async (durationMs) => {
          await this.#moment('sleep');
          await world.pass(durationMs);
          await this.#moment('sleep');
        },
        random,
      },
      patience: usualPatience,
      signal: new AbortController().signal,
      wait: false,
      event: () => {},
    };
    const result = await runAccount(run, orders);
    await ledger.close();
    alive.delete(pid);
    return result;
  }

  #documents(shared: LedgerDocuments): LedgerDocuments {
    const atMoment = async <T>(effect: () => Promise<T>): Promise<T> => {
      await this.#moment('ledger');
      const result = await effect();
      await this.#moment('ledger');
      return result;
    };
    return {
      place: shared.place,
      read: (id) => atMoment(() => shared.read(id)),
      write: (id, version, body) => atMoment(() => shared.write(id, version, body)),
      list: (prefix) => this.#list(shared, prefix, atMoment),
      // The world's, which other processes use as well.
      close: async () => {},
    };
  }

  async *#list(shared: LedgerDocuments, prefix: string, atMoment: <T>(effect: () => Promise<T>) => Promise<T>): AsyncIterable<LedgerDocument> {
    yield* await atMoment(async () => {
      const found: LedgerDocument[] = [];
      for await (const document of shared.list(prefix)) found.push(document);
      return found;
    });
  }

  async #moment(moment: Parameters<Fate>[0]): Promise<void> {
    if (this.#dead) return new Promise<never>(() => {});
    if (this.#woken) await this.#woken;
    const fate = this.#parts.fate(moment);
    if (fate === 'die') return this.#die();
    if (fate === 'sleep' && moment !== 'request') await this.#fallAsleep();
  }

  #die(): Promise<never> {
    const { alive, pid } = this.#parts;
    this.#dead = true;
    alive.delete(pid);
    this.#died();
    // Stops the timer of its lease; what that would write is as dead as the process.
    void this.#ledger?.close();
    return new Promise<never>(() => {});
  }

  /** Anywhere but between the engine's last check and the request: only the platform itself could fence that. */
  #fallAsleep(): Promise<void> {
    const { alive, pid } = this.#parts;
    alive.delete(pid);
    this.#woken = new Promise((resolve) => (this.#wake = resolve));
    this.#fellAsleep();
    return this.#woken;
  }
}
