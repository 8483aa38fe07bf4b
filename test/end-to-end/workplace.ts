import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manifest as manifestSchema, type Manifest } from '../../src/artifacts/schemas/manifest.js';
import type { Clip } from '../../src/artifacts/schemas/clip.js';
import type { RunEvent } from '../../src/pipeline/run-event.js';
import { type Outcome, runSnvg } from '../wrong-inputs/run-snvg.js';

/** A receipt's part about one file: the clip artifact without its references. */
export type ReceiptOutput = Pick<Clip, 'camera' | 'checks' | 'doubtfulWords' | 'ranges' | 'frames' | 'durationUs'> & { path: string };

/** A person's working folder and snvg's home, thrown away together. */
export class Workplace {
  readonly root = mkdtempSync(join(tmpdir(), 'snvg-e2e-'));
  readonly cwd = join(this.root, 'work');
  readonly home = join(this.root, 'home');

  constructor() {
    mkdirSync(this.cwd);
  }

  get environment(): Record<string, string> {
    return { SNVG_HOME: this.home };
  }

  snvg(...args: string[]): Promise<Outcome> {
    return runSnvg({ args, cwd: this.cwd, env: this.environment });
  }

  /** With more in its environment. */
  snvgWith(env: Record<string, string>, ...args: string[]): Promise<Outcome> {
    return runSnvg({ args, cwd: this.cwd, env: { ...this.environment, ...env } });
  }

  manifest(folder: string): Manifest {
    return manifestSchema.parse(JSON.parse(readFileSync(join(this.cwd, folder, 'manifest.json'), 'utf8')));
  }

  receipt(folder: string, name: string): { outputs: ReceiptOutput[] } {
    return JSON.parse(readFileSync(join(this.cwd, folder, name), 'utf8')) as { outputs: ReceiptOutput[] };
  }

  /** The event log of a job. */
  async events(jobId: string): Promise<RunEvent[]> {
    const { stdout } = await this.snvg('jobs', 'events', jobId);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as RunEvent);
  }

  leave(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** The events of the job's last run. */
export function lastRun(events: readonly RunEvent[]): RunEvent[] {
  return events.slice(events.findLastIndex((event) => event.type === 'job-started'));
}

/** Operations that did work, with how often. */
export function workDone(events: readonly RunEvent[]): Record<string, number> {
  const done: Record<string, number> = {};
  for (const event of events) {
    if (event.type === 'task-finished' && !event.cached) done[event.op] = (done[event.op] ?? 0) + 1;
  }
  return done;
}
