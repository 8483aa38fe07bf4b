import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { briefTalk, outcomeOf, startJob } from '../test/machines/whole-job.js';
import type { Field } from '../test/machines/field.js';
import { queueField } from '../test/machines/queue-field.js';
import { type SeededRun, seededRun } from './chaos/seeded-run.js';
import { sshField } from '../test/machines/ssh-field.js';
import { type Figure, type Goal, isMet, record, report } from './goals.js';

/**
 * Whole jobs on SSH hosts and at a queue while machines, links and the coordinator are killed, cut and put to sleep at random moments:
 * 200 of them, half an hour and more on two cores; `--quick`: 10. Needs Linux, root, sshd and redis-server.
 */
export async function bench({ quick, record: keep }: { quick: boolean; record: boolean }): Promise<boolean> {
  const runsEach = quick ? 5 : 100;
  const dir = mkdtempSync(join(tmpdir(), 'snvg-bench-chaos-'));
  const goals: Goal[] = [];
  const figures: Figure[] = [];
  try {
    const source = briefTalk(dir);
    const alone = join(dir, 'alone');
    const startedMs = performance.now();
    const { exitCode, stderr } = await startJob({ source, home: alone, args: [] }).ended;
    if (exitCode !== 0) throw new Error(`the job does not even run on one machine: ${stderr}`);
    const given = { dir, source, expected: outcomeOf(alone), usualMs: performance.now() - startedMs };
    for (const open of [sshField, queueField]) {
      const field = await open();
      try {
        const runs: SeededRun[] = [];
        for (let seed = 1; seed <= runsEach; seed += 1) {
          const run = await seededRun(field, seed, given);
          runs.push(run);
          process.stderr.write(`${field.name} ${seed}: ${run.faults.join(', ') || 'nothing'}${run.redone > 0 ? `; ${run.redone} redone` : ''}${run.violations.length > 0 ? `; VIOLATED: ${run.violations.join('; ')}` : ''}\n`);
        }
        judge(field, runs, goals, figures);
      } finally {
        await field.close();
      }
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  process.stdout.write(`${report(goals, figures)}\n`);
  if (keep) record('chaos', goals, figures);
  return goals.every(isMet);
}

function judge({ name }: Field, runs: readonly SeededRun[], goals: Goal[], figures: Figure[]): void {
  const counted = new Map<string, number>();
  for (const kind of runs.flatMap(({ faults }) => faults)) counted.set(kind, (counted.get(kind) ?? 0) + 1);
  goals.push({ name: `${name}: ${runs.length} jobs, promises broken`, measured: runs.filter(({ violations }) => violations.length > 0).length, goal: 0, unit: 'jobs', beside: 'all as one machine makes them' });
  figures.push(
    { name: `${name}, what happened`, value: [...counted].map(([kind, count]) => `${count} ${kind}`).join(', ') },
    { name: `${name}, runs of tasks done again`, value: String(runs.reduce((sum, { redone }) => sum + redone, 0)) },
    { name: `${name}, broken`, value: runs.flatMap(({ seed, violations }) => violations.map((text) => `seed ${seed}: ${text}`)).join('; ') || 'none' },
  );
}
