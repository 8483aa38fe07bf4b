import { join, resolve } from 'node:path';
import { layBait } from '../test/fuzz/bait.js';
import { hostileInputs } from '../test/fuzz/mutants.js';
import { faultsOf, limits, type Trial, tryInput } from '../test/fuzz/trial.js';
import { type Figure, type Goal, isMet, record, report } from './goals.js';

const inputs = 500;

/**
 * Five hundred hostile inputs through the built program, one after the other: bombs, disguises, and mutants of a small file in every
 * container (with SNVG_TEST_MEDIA also of real odd files). Takes about half an hour. Linux with strace only.
 */
export async function bench({ quick, record: keep }: { quick: boolean; record: boolean }): Promise<boolean> {
  const bait = await layBait(resolve('fixtures/beep-flash.mp4'));
  const real = process.env['SNVG_TEST_MEDIA'];
  const trials: Trial[] = [];
  let connections = 0;
  try {
    let number = 0;
    for (const input of hostileInputs(inputs, bait, real && join(real, 'odd'))) {
      number += 1;
      if (quick && number % 10 !== 0) continue;
      const trial = await tryInput(input);
      trials.push(trial);
      const faults = faultsOf(trial);
      if (faults.length > 0) process.stdout.write(`${trial.label}: ${faults.join('; ')}\n${trial.output.trim().split('\n').slice(-3).join('\n')}\n`);
    }
  } finally {
    connections = bait.connections();
    await bait.remove();
  }
  const withFault = (kind: string): Goal => ({ name: `${trials.length} hostile inputs, ${kind}`, measured: trials.filter((trial) => faultsOf(trial).some((fault) => fault.startsWith(kind))).length, goal: 0, unit: 'inputs', beside: '' });
  const largest = (of: (trial: Trial) => number): { most: number; label: string } => trials.reduce((found, trial) => (of(trial) > found.most ? { most: of(trial), label: trial.label } : found), { most: 0, label: '' });
  const cpu = largest((trial) => trial.cpuSeconds);
  const memory = largest((trial) => trial.peakBytes);
  const goals: Goal[] = [
    withFault('crash'),
    withFault('hang'),
    withFault('leak'),
    { ...withFault('outside'), beside: `${connections} connections to the bait` },
    { name: 'Most CPU of one', measured: cpu.most, goal: limits.cpuSeconds, unit: 's', beside: cpu.label },
    { name: 'Most memory of one, whole tree', measured: memory.most / 1e6, goal: limits.bytes / 1e6, unit: 'MB', beside: memory.label },
  ];
  const figures: Figure[] = [{ name: 'How they ended', value: tally(trials) }];
  process.stdout.write(`${report(goals, figures)}\n`);
  if (keep) record('hostile', goals, figures);
  return goals.every(isMet);
}

/** `212 clip, 130 MEDIA_UNREADABLE, …` */
function tally(trials: readonly Trial[]): string {
  const counts = new Map<string, number>();
  for (const { code } of trials) counts.set(code || 'clip', (counts.get(code || 'clip') ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1]).map(([code, count]) => `${count} ${code}`).join(', ');
}
