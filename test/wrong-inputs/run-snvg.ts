import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const repository = resolve(import.meta.dirname, '../..');
export const snvgBin = join(repository, 'bin/snvg.js');
export const fixture = (name: string): string => join(repository, 'fixtures', name);

export interface Invocation {
  args: readonly string[];
  cwd: string;
  env?: Record<string, string>;
  /** Takes root's right to read everybody's files away (capabilities(7)), so that permissions count as for any user; needs root. */
  asOrdinaryUser?: true;
}

export interface Outcome {
  exitCode: number | null;
  stdout: string;
  stderr: string;
  /** User and system seconds of snvg and of every child it waited for. */
  cpuSeconds: number;
}

/**
 * Runs the built program as a person would. CPU time is bash's `times` after its only child has ended: what the
 * kernel added up for that child and all its waited-for descendants (Node itself cannot read it for children).
 */
export function runSnvg(invocation: Invocation): Promise<Outcome> {
  const script = '"$@"; code=$?; times >"$SNVG_TEST_TIMES"; exit $code';
  const times = join(invocation.cwd, '..', 'times.txt');
  const privileges = '-dac_override,-dac_read_search';
  const asUser = invocation.asOrdinaryUser ? ['setpriv', `--bounding-set=${privileges}`, `--inh-caps=${privileges}`] : [];
  return new Promise((done, fail) => {
    const child = spawn('/bin/bash', ['-c', script, 'bash', ...asUser, process.execPath, snvgBin, ...invocation.args], {
      cwd: invocation.cwd,
      env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/', LANG: 'C.UTF-8', NO_COLOR: '1', SNVG_TEST_TIMES: times, ...invocation.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', fail);
    child.on('close', (exitCode) => done({ exitCode, stdout, stderr, cpuSeconds: childrenSeconds(readFileSync(times, 'utf8')) }));
  });
}

/** The second line of `times`: user and system time of children, as `0m1.234s 0m0.120s`. */
function childrenSeconds(text: string): number {
  const line = text.trim().split('\n')[1] ?? '';
  return [...line.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}
