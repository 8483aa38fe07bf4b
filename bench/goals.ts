import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { resolve } from 'node:path';

/** One promise, what was measured, and what it is compared with. */
export interface Goal {
  name: string;
  measured: number;
  /** At most this. */
  goal: number;
  unit: 's' | 'ms' | '%' | 'MB' | '×' | 'inputs' | 'posts' | 'jobs';
  /** The floor or peer of the same run, as text. */
  beside: string;
}

export interface Figure {
  name: string;
  value: string;
}

export function isMet(goal: Goal): boolean {
  return goal.measured <= goal.goal;
}

/** A table of goals, then the figures they come from, then `N of M goals met`. */
export function report(goals: readonly Goal[], figures: readonly Figure[]): string {
  const rows = [['goal', 'measured', 'at most', 'beside', ''], ...goals.map((goal) => [goal.name, shown(goal.measured, goal.unit), shown(goal.goal, goal.unit), goal.beside, isMet(goal) ? 'met' : 'MISSED'])];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const table = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
  const details = figures.map((figure) => `${figure.name}: ${figure.value}`);
  return [...table, '', ...details, '', `${goals.filter(isMet).length} of ${goals.length} goals met`].join('\n');
}

/** Appends the same as Markdown, with date and machine, to bench/RESULTS.md. */
export function record(title: string, goals: readonly Goal[], figures: readonly Figure[]): void {
  const path = resolve(import.meta.dirname, 'RESULTS.md');
  if (!existsSync(path)) writeFileSync(path, '# Measured\n\nAppended by `npm run bench -- <what> --record`.\n');
  const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, ${process.platform} ${release()}, Node ${process.versions.node}`;
  const lines = [
    '',
    `## ${title}, ${new Date().toISOString().slice(0, 10)}`,
    '',
    machine,
    '',
    '| Goal | Measured | At most | Beside | |',
    '| --- | --- | --- | --- | --- |',
    ...goals.map((goal) => `| ${goal.name} | ${shown(goal.measured, goal.unit)} | ${shown(goal.goal, goal.unit)} | ${goal.beside} | ${isMet(goal) ? 'met' : '**missed**'} |`),
    '',
    ...figures.map((figure) => `- ${figure.name}: ${figure.value}`),
    '',
    `${goals.filter(isMet).length} of ${goals.length} goals met.`,
    '',
  ];
  appendFileSync(path, lines.join('\n'));
}

function shown(value: number, unit: Goal['unit']): string {
  const digits = unit === 'ms' || unit === 'MB' || unit === 'inputs' || unit === 'posts' || unit === 'jobs' ? 0 : 2;
  return unit === '×' ? value.toFixed(2) : `${value.toFixed(digits)} ${unit}`;
}
