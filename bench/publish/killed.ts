import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openLedgerDocuments } from '../../src/jobs/ledger-documents.js';
import { openLedger } from '../../src/ledger/open-ledger.js';
import type { Publication } from '../../src/publishers/publisher.js';
import { isPosted } from '../../src/pipeline/publish/states.js';
import { faultKinds, randomFaults } from '../../src/sandbox/random-faults.js';
import { Random } from '../../test/fuzz/random.js';
import { clipsFor } from '../../test/publish/world/clips.js';
import type { NetworkCase } from '../../test/publish/world/platform-case.js';
import { type AppProcess, Stage } from './stage.js';
import { addTo, type Tally, tally } from './tally.js';

/** TikTok takes about 15 posts a day from an account; one batch is to fit into a day. */
const clipsPerBatch = 14;
const livesAtMost = 8;
const requestsPerLife = 20;
const calmRuns = 12;
/** Platform's milliseconds per millisecond: a minute's wait is 0.3 s. */
const scale = 200;
const hourMs = 3_600_000;

/** Publications by real processes, two at a time on one ledger, that are killed at random moments while requests go wrong. */
export async function killed(given: NetworkCase, publications: number): Promise<Tally> {
  const total = tally();
  const dir = mkdtempSync(join(tmpdir(), 'snvg-bench-kill-'));
  try {
    const clips = clipsFor(given, dir, clipsPerBatch);
    for (let seed = 1; total.publications < publications; seed += 1) {
      const place = mkdtempSync(join(dir, 'batch-'));
      const stage = await Stage.open(given, { dir: place, clips, scale, longestTimeoutMs: 400 });
      try {
        await new KilledBatch(given, stage, new Random(seed), seed).run(total);
      } finally {
        await stage.close();
        rmSync(place, { recursive: true, force: true });
      }
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  return total;
}

class KilledBatch {
  readonly #given: NetworkCase;
  readonly #stage: Stage;
  readonly #random: Random;
  readonly #seed: number;
  readonly #faults: Record<string, number> = {};
  readonly #violations: string[] = [];
  /** What was last said of each clip, by its sha256. */
  readonly #reported = new Map<string, string>();

  constructor(given: NetworkCase, stage: Stage, random: Random, seed: number) {
    this.#given = given;
    this.#stage = stage;
    this.#random = random;
    this.#seed = seed;
  }

  async run(total: Tally): Promise<void> {
    const script = randomFaults({ seed: this.#seed, rate: 0.15, kinds: faultKinds });
    this.#stage.script = (request) => {
      const fault = script(request);
      if (fault) this.#count(fault.kind === 'status' ? `answer ${fault.status}` : fault.kind);
      return fault;
    };
    let lives = 0;
    await Promise.all(
      [1, 2].map(async () => {
        while (lives < livesAtMost) {
          lives += 1;
          await this.#live();
        }
      }),
    );
    await this.#check();
    this.#stage.script = () => undefined;
    for (let run = 0; run < calmRuns; run += 1) {
      this.#stage.pass(run < 2 ? hourMs : 13 * hourMs);
      await this.#note(this.#stage.start());
      await this.#check();
      if ((await this.#publications()).every(({ state }) => isPosted(state))) break;
    }
    const publications = await this.#publications();
    const count = (...states: string[]): number => publications.filter(({ state }) => states.includes(state)).length;
    const [published, failed, unknown] = [publications.filter(({ state }) => isPosted(state)).length, count('failed', 'cancelled'), count('unknown')];
    addTo(total, {
      publications: clipsPerBatch,
      faulted: clipsPerBatch,
      published,
      failed,
      unknown,
      left: clipsPerBatch - published - failed - unknown,
      requests: this.#stage.requests,
      violations: [...this.#violations, ...this.#stage.failures.map((failure) => `${this.#where()}: the stand-in failed: ${String(failure)}`)],
      faults: this.#faults,
      causes: publications.flatMap(({ state, problem }) => (isPosted(state) ? [] : [`${state}: ${problem?.message.replace(/".*?"/g, '…') ?? 'no reason'}`])),
    });
  }

  /** From its start to its death, or to its end when that comes first. */
  async #live(): Promise<void> {
    const random = this.#random;
    const process = this.#stage.start(random.pick([0, 0, -hourMs, 90_000, 24 * hourMs]));
    await process.ready;
    const ended = new AbortController();
    void process.ended.finally(() => ended.abort()).catch(() => {});
    // Exponential: each request is as likely as any other to be near its end; and some way into it.
    const requests = 1 + Math.floor(-Math.log(1 - random.next()) * requestsPerLife);
    const isDue = await this.#stage.arrivals(requests, ended.signal).then(
      () => true,
      () => false,
    );
    if (isDue) {
      await pause(random.next() * 12);
      process.kill();
      if ((await process.ended) === undefined) return this.#count('SIGKILL');
    }
    await this.#note(process);
  }

  async #note(process: AppProcess): Promise<void> {
    const report = await process.ended;
    if (!report) return;
    for (const { sha256, outcome } of report.ended) this.#reported.set(sha256, outcome);
    if (report.stopped !== null && !/taken over|was moved meanwhile|is lost/.test(report.stopped)) this.#violations.push(`${this.#where()}: the engine stopped: ${report.stopped}`);
  }

  /** While no process runs. */
  async #check(): Promise<void> {
    const counts = new Map<string, number>();
    for (const { videoSha256 } of this.#stage.standIn.posts()) counts.set(videoSha256, (counts.get(videoSha256) ?? 0) + 1);
    for (const { clipSha256, title, state } of await this.#publications()) {
      const count = counts.get(clipSha256) ?? 0;
      const reported = this.#reported.get(clipSha256);
      const saysPosted = isPosted(state) || reported === 'published' || reported === 'draft' || reported === 'already';
      const wrong = count > 1 || (saysPosted && count !== 1) || (state === 'failed' && count !== 0);
      if (wrong) this.#violations.push(`${this.#where()}: ${title} is ${state}, was reported as ${reported ?? 'nothing'}, and there ${count} times`);
    }
  }

  async #publications(): Promise<Publication[]> {
    const clock = { nowMs: () => this.#stage.nowMs(), monotonicMs: () => this.#stage.nowMs() };
    const ledger = await openLedger(openLedgerDocuments(this.#stage.ledgerPath), { self: { host: 'bench', pid: 1, startTime: '1' }, clock, isAlive: () => true });
    try {
      return await ledger.list();
    } finally {
      await ledger.close();
    }
  }

  #where(): string {
    return `${this.#given.id}, batch ${this.#seed}`;
  }

  #count(what: string): void {
    this.#faults[what] = (this.#faults[what] ?? 0) + 1;
  }
}
