import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Random } from '../../test/fuzz/random.js';
import { leftoversBelow, type Outcome, outcomeOf, processesOf, type RunningJob, startJob, taskRuns } from '../../test/machines/whole-job.js';
import type { Field } from '../../test/machines/field.js';

/** Far more than a job takes with anything that may happen to it; a run that needs it hangs. */
const deadlineMs = 240_000;
/** How soon what a run started must be gone after it. */
const goneWithinMs = 12_000;
const coordinatorKilled = 'coordinator killed, started again';

export interface SeededRun {
  seed: number;
  faults: string[];
  violations: string[];
  /** Runs of tasks beyond one each. */
  redone: number;
}

/** One whole job during which something goes wrong, once or twice, at moments and in ways decided by the seed. */
export async function seededRun(field: Field, seed: number, given: { dir: string; source: string; expected: Outcome; usualMs: number }): Promise<SeededRun> {
  const random = new Random(seed);
  const home = join(given.dir, `job-${field.name}-${seed}`);
  const run: SeededRun = { seed, faults: [], violations: [], redone: 0 };
  await field.reset();
  const harm: { at: number }[] = [];
  let job = startJob({ source: given.source, home, args: field.args, env: field.env });
  const killedCoordinator = async (): Promise<void> => {
    job.kill('SIGKILL');
    await job.ended;
    await pause(random.below(1_500));
    job = startJob({ source: given.source, home, args: field.args, env: field.env });
  };
  const kinds = [...Object.keys(field.faults), coordinatorKilled];
  const troubles = Promise.all(
    Array.from({ length: 1 + random.below(2) }, async () => {
      const kind = random.pick(kinds);
      const own = new Random(random.below(2 ** 31));
      await pause(500 + random.below(given.usualMs));
      run.faults.push(kind);
      harm.push({ at: Date.now() });
      await (kind === coordinatorKilled ? killedCoordinator() : field.faults[kind]?.(own));
    }),
  );
  const end = await lastEnd(() => job, troubles);
  if (end === 'hung') {
    run.violations.push('it did not come to an end');
    job.kill('SIGKILL');
    await troubles;
  } else if (end.exitCode !== 0) run.violations.push(`it ended with ${end.exitCode ?? end.signal}: ${end.stderr.trim().slice(-600)}`);
  else judge(run, home, given.expected, harm);
  await judgeTraces(run, field, home);
  rmSync(home, { recursive: true, force: true });
  return run;
}

/** The end of the job that was started last, once nothing more happens to it. */
async function lastEnd(current: () => RunningJob, troubles: Promise<unknown>): Promise<Awaited<RunningJob['ended']> | 'hung'> {
  const timeout = new AbortController();
  const hung = pause(deadlineMs, 'hung' as const, { signal: timeout.signal }).catch(() => 'hung' as const);
  const ended = (async () => {
    await troubles;
    return current().ended;
  })();
  const end = await Promise.race([ended, hung]);
  timeout.abort();
  return end;
}

function judge(run: SeededRun, home: string, expected: Outcome, harm: readonly { at: number }[]): void {
  const outcome = outcomeOf(home);
  for (const part of ['files', 'manifest', 'artifacts'] as const) if (!isDeepStrictEqual(outcome[part], expected[part])) run.violations.push(`its ${part} are others than those of a run on one machine`);
  for (const { op, started, finished } of taskRuns(home).values()) {
    run.redone += Math.max(0, started.length - 1);
    const first = Math.min(...finished);
    if (started.some((at) => at > first)) run.violations.push(`${op} was run again after it had finished`);
    // Each harm may cost one run of a task at most.
    if (started.length > 1 + harm.length) run.violations.push(`${op} was started ${started.length} times`);
  }
}

async function judgeTraces(run: SeededRun, field: Field, home: string): Promise<void> {
  const left = (): string[] => {
    const residents = field.residents();
    return [home, ...field.marks].flatMap((mark) => [...processesOf(mark)].filter(([pid]) => !residents.has(pid)).map(([, command]) => command));
  };
  for (let waitedMs = 0; waitedMs < goneWithinMs && left().length > 0; waitedMs += 250) await pause(250);
  for (const command of left()) run.violations.push(`left alive: ${command.slice(0, 120)}`);
  for (const folder of [home, ...field.folders]) for (const path of leftoversBelow(folder)) run.violations.push(`left on disk: ${path}`);
}
