import type { Ended, Order } from '../../../src/pipeline/publish/order.js';
import type { Problem, PublishableClip } from '../../../src/publishers/publisher.js';
import { faultKinds, randomFaults } from '../../../src/sandbox/random-faults.js';
import { Random } from '../../fuzz/random.js';
import { orderOf } from './clips.js';
import { type Fate, Machine, type RunEnd, type SimulatedProcess } from './machine.js';
import type { PlatformCase } from './platform-case.js';
import { World } from './world.js';

/** Runs while things go wrong, at most, and runs after that. */
const faultyRounds = 8;
const calmRounds = 40;

/** What became of some publications under faults. */
export interface BatchOutcome {
  /** Publications that at least one fault, kill, sleep or wrong clock befell. */
  faulted: number;
  publications: number;
  /** Ended so, after the faults had ceased. */
  published: number;
  failed: number;
  unknown: number;
  /** Neither at rest after all runs. */
  left: number;
  /** Why those that are not published are not, as the ledger says. */
  causes: string[];
  /** Promises that were broken: two posts, a post of something reported as failed, none of something reported as published. */
  violations: string[];
  /** What happened how often. */
  faults: Record<string, number>;
  requests: number;
}

/**
 * Publishes some clips while requests go wrong at random, processes are killed or sleep and clocks jump; then calmly until all rest.
 * The promises are checked after every run.
 */
export async function faultedBatch(given: PlatformCase, { seed, clips }: { seed: number; clips: readonly PublishableClip[] }): Promise<BatchOutcome> {
  return new Batch(given, await World.make(given), seed, clips).run();
}

class Batch {
  readonly #given: PlatformCase;
  readonly #world: World;
  readonly #machine: Machine;
  readonly #random: Random;
  readonly #orders: Order[];
  readonly #befallen = new Set<string>();
  readonly #faults: Record<string, number> = {};
  readonly #violations: string[] = [];
  readonly #seed: number;
  /** The last that was reported of each clip. */
  readonly #ended = new Map<string, Pick<Ended, 'outcome' | 'problem'>>();
  readonly #sleeping: SimulatedProcess[] = [];
  #calm = false;

  constructor(given: PlatformCase, world: World, seed: number, clips: readonly PublishableClip[]) {
    this.#given = given;
    this.#world = world;
    this.#machine = new Machine(world);
    this.#seed = seed;
    this.#random = new Random(seed);
    this.#orders = clips.map((clip, index) => orderOf(world, clip, index));
  }

  async run(): Promise<BatchOutcome> {
    const rate = this.#random.pick([0.1, 0.2, 0.4]);
    const script = randomFaults({ seed: this.#seed, rate, kinds: faultKinds });
    this.#world.script = (request) => {
      const fault = this.#calm ? undefined : script(request);
      if (fault) this.#befall(fault.kind === 'status' ? `answer ${fault.status}` : fault.kind);
      return fault;
    };
    for (let round = 0; round < faultyRounds && !this.#isDone(); round += 1) await this.#round();
    this.#calm = true;
    this.#world.skewMs = 0;
    for (const sleeper of this.#sleeping.splice(0)) this.#note(await sleeper.wake());
    await this.#check();
    for (let round = 0; round < calmRounds && !this.#isDone(); round += 1) await this.#round();
    const outcome = await this.#outcome();
    await this.#world.close();
    return outcome;
  }

  async #round(): Promise<void> {
    const random = this.#random;
    if (!this.#calm && random.below(4) === 0) this.#jump();
    const awake = this.#sleeping.splice(0, random.below(2));
    const processes = Array.from({ length: !this.#calm && random.below(3) === 0 ? 2 : 1 }, () => this.#machine.process(this.#fate(), () => random.next()));
    const ends = await Promise.all([
      ...processes.map((process) => this.#watch(process, process.run(this.#orders))),
      ...awake.map((process) => this.#watch(process, process.wake())),
    ]);
    for (const end of ends) this.#note(end);
    await this.#check();
    // Leases of the sleeping have ended, waits are over; now and then until the platform's next day.
    const next = random.below(4) === 0 || this.#calm ? 6 * 3_600_000 : random.below(30) * 60_000;
    await this.#world.pass(200_000 + next);
  }

  async #watch(process: SimulatedProcess, run: Promise<RunEnd>): Promise<RunEnd> {
    const end = await run;
    if (end === 'asleep') this.#sleeping.push(process);
    return end;
  }

  /** The clock of the machine is set, back or forth. */
  #jump(): void {
    const random = this.#random;
    this.#world.skewMs = random.pick([-1, 1]) * random.pick([0, 2_000, 90_000, 3_600_000, 86_400_000]);
    if (this.#world.skewMs !== 0) for (const { clip } of this.#orders) this.#befallen.add(clip.sha256);
    this.#count('clock set');
  }

  #fate(): Fate {
    const random = this.#random;
    return () => {
      if (this.#calm) return undefined;
      const drawn = random.below(1000);
      if (drawn < 12) {
        this.#befall('killed');
        return 'die';
      }
      if (drawn < 14) {
        this.#befall('slept');
        return 'sleep';
      }
      return undefined;
    };
  }

  /** Whatever happens, happens to what is being worked on. */
  #befall(what: string): void {
    this.#count(what);
    if (this.#world.workedOn) this.#befallen.add(this.#world.workedOn);
  }

  #count(what: string): void {
    this.#faults[what] = (this.#faults[what] ?? 0) + 1;
  }

  #note(end: RunEnd): void {
    if (typeof end === 'string' || !('ended' in end)) return;
    for (const { order, outcome, problem } of end.ended) this.#ended.set(order.clip.sha256, { outcome, problem });
    const stopped: unknown = end.stopped;
    if (stopped !== undefined && !isLedgers(stopped)) this.#violations.push(`${this.#where()}: the engine stopped: ${stopped instanceof Error ? stopped.stack : String(stopped)}`);
  }

  /** No clip is there twice; nothing that the ledger says has failed is there; all that it, or a report, says is posted is there once. */
  async #check(): Promise<void> {
    const counts = new Map<string, number>();
    for (const { videoSha256 } of this.#world.posts()) counts.set(videoSha256, (counts.get(videoSha256) ?? 0) + 1);
    const states = await this.#world.states();
    for (const { clip, identity } of this.#orders) {
      const count = counts.get(clip.sha256) ?? 0;
      const state = states.get(identity.lineage)?.state;
      const outcome = this.#ended.get(clip.sha256)?.outcome;
      const wrong = count > 1 || ((isPosted(outcome) || isPosted(state)) && count !== 1) || ((state === 'failed' || state === 'cancelled') && count !== 0);
      if (wrong) this.#violations.push(`${this.#where()}: ${clip.stem} is ${state} in the ledger, reported as ${outcome}, and there ${count} times`);
    }
  }

  #where(): string {
    return `${this.#given.id}, seed ${this.#seed}`;
  }

  #isDone(): boolean {
    return this.#orders.every(({ clip }) => isPosted(this.#ended.get(clip.sha256)?.outcome));
  }

  async #outcome(): Promise<BatchOutcome> {
    const states = await this.#world.states();
    const ends = this.#orders.map(({ identity }) => states.get(identity.lineage));
    const count = (...wanted: string[]): number => ends.filter((end) => end && wanted.includes(end.state)).length;
    const [published, failed, unknown] = [ends.filter((end) => isPosted(end?.state)).length, count('failed', 'cancelled'), count('unknown')];
    const causes = ends.flatMap((end) => (end && !isPosted(end.state) ? [`${end.state}: ${causeOf(end.problem)}`] : []));
    return { faulted: this.#befallen.size, publications: ends.length, published, failed, unknown, left: ends.length - published - failed - unknown, causes, violations: this.#violations, faults: this.#faults, requests: this.#world.requests };
  }
}

function isPosted(outcome: string | undefined): boolean {
  return outcome === 'published' || outcome === 'scheduled' || outcome === 'draft' || outcome === 'already';
}

/** Without what differs from one publication to the next. */
function causeOf(problem: Problem | null): string {
  return problem === null ? 'no reason' : `${problem.code} ${problem.message.replace(/".*?"/g, '…').replace(/\d+/g, 'n')}`;
}

function isLedgers(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === 'LEDGER_CONFLICT' || code === 'ACCOUNT_BUSY';
}
