import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Figure, type Goal, isMet, record, report } from './goals.js';
import { smallTasks } from './machines/small-tasks.js';
import { type Film, type JobOnHosts, jobOn } from './machines/whole-job.js';
import { tenMinutes } from './sources.js';

/** At least this many times as fast as one host, by the number of hosts. */
const efficiency: Readonly<Record<number, number>> = { 2: 1.7, 3: 2.4 };

/**
 * A whole job on one, two and three hosts of one core each, and what giving tasks away costs. Hosts are real agents pinned to a core; where this machine has fewer
 * cores than there are hosts, the time with a core for each is worked out from what every task took ("total over critical path"), and the time on this
 * machine is told beside it. An hour on two cores; `--quick`: small clips of the talk, ten minutes.
 */
export async function bench({ quick, record: keep }: { quick: boolean; record: boolean }): Promise<boolean> {
  const scratch = mkdtempSync(join(tmpdir(), 'snvg-bench-machines-'));
  const goals: Goal[] = [];
  const figures: Figure[] = [];
  try {
    say('small tasks …');
    const small = await smallTasks(quick ? 500 : 2_000, join(scratch, 'small'));
    note(goals, { name: `Coordinator, CPU a task (${small.tasks} that do nearly nothing, ${small.hosts} links)`, measured: small.cpuMsPerTask, goal: 5, unit: 'ms', beside: `${(small.tasks / small.wallSeconds).toFixed(0)} tasks a second; two artifacts each, checked and kept on disk` });
    const film = await filmOf(quick);
    const runs: JobOnHosts[] = [];
    for (const hosts of [1, 2, 3]) {
      say(`a whole job on ${hosts} …`);
      const run = await jobOn(hosts, film, join(scratch, `on-${hosts}`));
      runs.push(run);
      figures.push({ name: `On ${hosts}`, value: described(run) });
      say(described(run));
    }
    judge(runs, goals);
    process.stdout.write(`${report(goals, figures)}\n`);
    if (keep) record(quick ? 'machines, small clips' : 'machines', goals, figures);
    return goals.every(isMet);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function judge(runs: readonly JobOnHosts[], goals: Goal[]): void {
  const [one, ...more] = runs;
  if (!one) return;
  for (const run of more) {
    const least = efficiency[run.hosts] ?? run.hosts;
    const times = one.ownCoresSeconds / run.ownCoresSeconds;
    // As a time, so that less is better as in all goals.
    note(goals, {
      name: `A whole job on ${run.hosts} hosts over one, with a core for each (total over critical path)`,
      measured: 1 / times,
      goal: 1 / least,
      unit: '×',
      beside: `${times.toFixed(2)} × as fast, at least ${least}; here, ${cpus().length} cores for all: ${(one.wallSeconds / run.wallSeconds).toFixed(2)} ×; no plan does better than ${(one.ownCoresSeconds / boundOf(run)).toFixed(2)} ×`,
    });
  }
  for (const run of runs) {
    note(goals, { name: `Bytes sent to ${run.hosts === 1 ? 'one host' : `${run.hosts} hosts`} over the inputs truly needed`, measured: run.sentBytes / run.neededBytes, goal: 1.2, unit: '×', beside: `${mb(run.sentBytes)} over ${mb(run.neededBytes)}: index, packets from keyframes on, samples, JSON, each once a host` });
  }
}

/** Seconds below which nobody gets: all work that moves, divided evenly, and what cannot begin before or go on beside it left out. */
function boundOf({ movedCpuSeconds, hosts }: JobOnHosts): number {
  return movedCpuSeconds / hosts;
}

async function filmOf(quick: boolean): Promise<Film> {
  if (quick) return { path: resolve(import.meta.dirname, '../fixtures/talk.mp4'), clips: 9, minLengthUs: 5_000_000, maxLengthUs: 9_000_000 };
  return { path: (await tenMinutes()).path, clips: null, minLengthUs: 20_000_000, maxLengthUs: 60_000_000 };
}

function described({ tasks, movedTasks, cpuSeconds, movedCpuSeconds, wallSeconds, ownCoresSeconds, sentBytes, waitedSeconds }: JobOnHosts): string {
  return `${movedTasks} of ${tasks} tasks moved, ${movedCpuSeconds.toFixed(1)} of ${cpuSeconds.toFixed(1)} CPU s; ${ownCoresSeconds.toFixed(1)} s with a core for each, ${wallSeconds.toFixed(0)} s here; ${mb(sentBytes)} sent, tasks on their way or in line at hosts ${waitedSeconds.toFixed(0)} s together`;
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Told at once as well. */
function note(goals: Goal[], goal: Goal): void {
  goals.push(goal);
  say(`${goal.name}: ${goal.measured.toFixed(2)} ${goal.unit} (at most ${goal.goal.toFixed(2)}) ${goal.beside}`);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
