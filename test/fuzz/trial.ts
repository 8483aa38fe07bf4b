import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { errorCodes } from '../../src/errors.js';
import type { Mutant } from './mutants.js';
import { identityOf, proportionalBytes, treeOf } from './process-tree.js';

const repository = resolve(import.meta.dirname, '../..');

/** What one hostile input did to the built program. */
export interface Trial {
  label: string;
  exitCode: number | null;
  /** `error CODE` of its last words, or '' when it made a clip. */
  code: string;
  output: string;
  /** User and system seconds of the whole tree. */
  cpuSeconds: number;
  wallSeconds: number;
  /** The most that the whole tree had in memory at once, as sampled ten times a second. */
  peakBytes: number;
  hung: boolean;
  /** Processes that outlived it and files that it should have removed. */
  left: string[];
  /** Files opened outside its own folders and the system's, and addresses of the network. */
  outside: string[];
}

export const limits = { cpuSeconds: 10, bytes: 500e6 } as const;
const patienceMs = 180_000;

/**
 * Runs the whole way of an input: looked at, read coarsely, sound decoded, speech looked for, and a hand cut of a second rendered
 * and verified; square, as the encoder's own memory is no matter of the input (an honest 720 × 576 film takes 463 MB in vertical). Every file the tree opens and every connection it makes is seen by strace. Linux only.
 */
export async function tryInput(input: Mutant): Promise<Trial> {
  const base = mkdtempSync(join(tmpdir(), 'snvg-fuzz-'));
  try {
    const [work, temporary, home] = ['work', 'tmp', 'home'].map((name) => join(base, name)) as [string, string, string];
    for (const dir of [work, temporary]) mkdirSync(dir);
    cpSync(await usedHome(), home, { recursive: true });
    const path = join(work, input.fileName);
    writeFileSync(path, input.bytes);
    writeFileSync(join(base, 'words.json'), JSON.stringify({ language: 'en', words: [{ text: 'Words', start: 0.6, end: 0.9 }, { text: 'by', start: 1, end: 1.1 }, { text: 'hand.', start: 1.2, end: 1.5 }] }));
    const args = ['render', path, '--cut', '0.5-1.6', '--transcript', join(base, 'words.json'), '--min-length', '3', '--preset', 'ultrafast', '--format', 'square', '--concurrency', '1', '--output', join(base, 'out')];
    const ran = await watched(args, { base, work, env: { SNVG_HOME: home, TMPDIR: temporary } });
    const code = /^error ([A-Z_]+):/m.exec(ran.output)?.[1] ?? '';
    return { label: input.label, code, ...ran, left: [...ran.left, ...leftFiles({ base, work, temporary, home, input: input.fileName, failed: ran.exitCode !== 0 })], outside: outsideOf(join(base, 'calls.txt'), base) };
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

let used: Promise<string> | undefined;

/** A home in which ffmpeg has been looked at before, as for any person from the second run on. */
function usedHome(): Promise<string> {
  used ??= (async () => {
    const base = mkdtempSync(join(tmpdir(), 'snvg-fuzz-home-'));
    process.on('exit', () => rmSync(base, { recursive: true, force: true }));
    const home = join(base, 'home');
    await watched(['ingest', join(repository, 'fixtures/lang-it.m4a'), '--min-length', '3'], { base, work: base, env: { SNVG_HOME: home, TMPDIR: base } });
    return home;
  })();
  return used;
}

/** What is wrong with how a trial went; [] for a clip or a refusal in two lines within limits. */
export function faultsOf(trial: Trial): string[] {
  const faults: string[] = [];
  if (trial.hung) faults.push('hang');
  else if (![0, 2, 3, 8].includes(trial.exitCode ?? -1)) faults.push(`crash: exit ${trial.exitCode} ${trial.code}`);
  else if (trial.exitCode !== 0 && !(errorCodes as readonly string[]).includes(trial.code)) faults.push(`crash: no documented code, exit ${trial.exitCode}`);
  if (/^\s+at .*\d+:\d+\)?$/m.test(trial.output)) faults.push('crash: a stack trace');
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(trial.output)) faults.push('crash: control characters in what it says');
  if (trial.left.length > 0) faults.push(`leak: ${trial.left.join(', ')}`);
  if (trial.outside.length > 0) faults.push(`outside: ${trial.outside.join(', ')}`);
  if (trial.cpuSeconds > limits.cpuSeconds) faults.push(`${trial.cpuSeconds.toFixed(1)} CPU s`);
  if (trial.peakBytes > limits.bytes) faults.push(`${Math.round(trial.peakBytes / 1e6)} MB`);
  return faults;
}

type Watched = Omit<Trial, 'label' | 'code' | 'outside'>;

function watched(args: readonly string[], place: { base: string; work: string; env: Record<string, string> }): Promise<Watched> {
  const { base, work, env } = place;
  const times = join(base, 'times.txt');
  const strace = ['strace', '-f', '--seccomp-bpf', '-qq', '-e', 'trace=openat,open,creat,connect,sendto,sendmsg', '-e', 'signal=none', '-s', '400', '-o', join(base, 'calls.txt')];
  // strace's own time does not count: bash adds up what ran below it.
  const timed = ['/bin/bash', '-c', '"$@"; code=$?; times >"$TIMES"; exit $code', 'bash', process.execPath, join(repository, 'bin/snvg.js'), ...args];
  return new Promise((done, fail) => {
    const [command = '', ...rest] = [...strace, ...timed];
    const startedMs = performance.now();
    const child = spawn(command, rest, {
      cwd: work,
      env: { PATH: process.env['PATH'] ?? '', HOME: join(base, 'home'), LANG: 'C.UTF-8', NO_COLOR: '1', TIMES: times, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (text: string): void => {
      output = (output + text).slice(-20_000);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    let peakBytes = 0;
    let hung = false;
    const seen = new Set<string>();
    const sample = setInterval(() => {
      const pids = treeOf(child.pid ?? 0).filter((pid) => pid !== child.pid);
      for (const pid of pids) {
        const identity = identityOf(pid);
        if (identity !== undefined) seen.add(identity);
      }
      peakBytes = Math.max(peakBytes, pids.reduce((sum, pid) => sum + proportionalBytes(pid), 0));
      if (performance.now() - startedMs > patienceMs) {
        hung = true;
        endAll(pids);
      }
    }, 100);
    child.on('error', fail);
    child.on('close', (exitCode) => {
      clearInterval(sample);
      const alive = [...seen].filter((identity) => identityOf(Number(identity.split('.')[0])) === identity);
      endAll(alive.map((identity) => Number(identity.split('.')[0])));
      done({ exitCode, output, cpuSeconds: childrenSeconds(times), wallSeconds: (performance.now() - startedMs) / 1000, peakBytes, hung, left: alive.map((identity) => `process ${identity}`) });
    });
  });
}

function endAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** The second line of bash's `times`: its ended children, as `0m1.234s 0m0.120s`. */
function childrenSeconds(path: string): number {
  const line = existsSync(path) ? (readFileSync(path, 'utf8').trim().split('\n')[1] ?? '') : '';
  return [...line.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}

function leftFiles(place: { base: string; work: string; temporary: string; home: string; input: string; failed: boolean }): string[] {
  const { base, work, temporary, home, input, failed } = place;
  const kept = /^(data\/snvg\.db(-wal|-shm)?|cache\/(artifacts|results)\/.*|cache\/[^/]*|data\/[^/]*)$/;
  return [
    ...readdirSync(work).filter((name) => name !== input),
    ...readdirSync(temporary).map((name) => `tmp/${name}`),
    ...(existsSync(home) ? filesBelow(home).filter((name) => !kept.test(name) || /\.(tmp|part|partial)$|scratch/.test(name)) : []),
    ...(failed && existsSync(join(base, 'out')) ? filesBelow(join(base, 'out')).filter((name) => name.endsWith('.mp4')).map((name) => `out/${name}`) : []),
  ];
}

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)));
}

/** Where programs may look: the system's libraries, fonts and facts, Node, and this repository. */
const system = ['/usr/', '/lib/', '/lib64/', '/etc/', '/proc/', '/sys/', '/dev/', '/opt/', '/var/cache/fontconfig/', `${repository}/`, `${dirname(dirname(process.execPath))}/`];

/** Opens that succeeded elsewhere than in `base`, and every attempt to reach the network. */
function outsideOf(callsPath: string, base: string): string[] {
  const found = new Set<string>();
  for (const line of readFileSync(callsPath, 'utf8').split('\n')) {
    if (/sa_family=AF_INET6?,/.test(line)) found.add(/sin6?_port=htons\((\d+)\).*/.exec(line)?.[0].slice(0, 80) ?? 'network');
    const path = /(?:openat\([^,]+, |open\(|creat\()"((?:[^"\\]|\\.)*)".* = \d+/.exec(line)?.[1];
    if (path === undefined || !path.startsWith('/')) continue;
    if (path !== base && !path.startsWith(`${base}/`) && !system.some((prefix) => path.startsWith(prefix) || `${path}/` === prefix)) found.add(path);
  }
  return [...found];
}
