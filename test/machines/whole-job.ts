import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../..', import.meta.url));
export const program = resolve(repository, 'bin/snvg.js');

/** Two small clips of two chunks of speech: every operation that may move, in a dozen CPU seconds. */
const briefJob = ['--min-length', '4', '--max-length', '6', '--clips', '2', '--format', 'square', '--preset', 'ultrafast', '--language', 'en'] as const;

/** Some seconds of the talk among the fixtures, with its keyframes as they are. */
export function briefTalk(dir: string): string {
  const path = join(dir, 'brief.mp4');
  if (!existsSync(path)) {
    mkdirSync(dir, { recursive: true });
    execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-ss', '20', '-i', join(repository, 'fixtures/talk.mp4'), '-t', '24', '-c', 'copy', path]);
  }
  return path;
}

export interface JobOptions {
  source: string;
  /** SNVG_HOME of the coordinator; its output lies in `out` below it. */
  home: string;
  /** `--backend ssh --host w1` and the like. */
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
}

export interface RunningJob {
  readonly pid: number;
  /** What was said on stderr so far. */
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<{ exitCode: number | null; signal: NodeJS.Signals | null; stderr: string }>;
}

/** The built program on one source, as a person starts it. */
export function startJob({ source, home, args, env }: JobOptions): RunningJob {
  mkdirSync(home, { recursive: true });
  const child: ChildProcess = spawn(process.execPath, [program, 'process', source, '--output', join(home, 'out'), ...briefJob, ...args], {
    cwd: home,
    env: { PATH: process.env['PATH'] ?? '', HOME: home, SNVG_HOME: home, NO_COLOR: '1', CI: '', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-20_000);
  });
  const ended = new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null; stderr: string }>((done) => {
    child.once('close', (exitCode, signal) => done({ exitCode, signal, stderr }));
  });
  return { pid: child.pid ?? 0, stderr: () => stderr, kill: (signal) => void child.kill(signal), ended };
}

/** What a job left behind that must be the same wherever it ran: the hash of every file it delivered, and the manifest but for times. */
export interface Outcome {
  files: Record<string, string>;
  manifest: unknown;
  /** Hashes of all artifacts of the job's tasks, by task. */
  artifacts: Record<string, string>;
}

export function outcomeOf(home: string): Outcome {
  const out = join(home, 'out');
  const files = Object.fromEntries(
    readdirSync(out)
      .filter((name) => !name.startsWith('.') && name !== 'manifest.json' && name !== 'report.html')
      .toSorted()
      .map((name) => [name, sha256(readFileSync(join(out, name)))]),
  );
  const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'), (key, value: unknown) => (unequal.has(key) ? undefined : value)) as unknown;
  const artifacts: Record<string, string> = {};
  for (const path of filesBelow(join(home, 'cache/results')).toSorted()) {
    const { key, outputs } = JSON.parse(readFileSync(path, 'utf8')) as { key: string; outputs: Record<string, { hash: string }> };
    artifacts[key] = Object.entries(outputs)
      .map(([name, { hash }]) => `${name} ${hash}`)
      .toSorted()
      .join(' ');
  }
  return { files, manifest, artifacts };
}

/** Of the manifest: where it ran, what it took, and the job's id, which is made of the output folder. */
const unequal: ReadonlySet<string> = new Set(['cpuSeconds', 'wallMs', 'createdAt', 'cachedTasks', 'job', 'path', 'state']);

interface LoggedEvent {
  type: string;
  taskKey?: string;
  op?: string;
  cached?: boolean;
  host?: string;
  at: number;
}

/** Runs of one task by the job's log: how often it was started and how often that run ended well. */
export interface TaskRuns {
  op: string;
  started: number[];
  finished: number[];
  /** Where each run was; undefined: on the coordinator's own machine. */
  hosts: (string | undefined)[];
}

/** By task key, from the job's log of events, over all processes that worked on it. */
export function taskRuns(home: string): Map<string, TaskRuns> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, SNVG_HOME: home };
  const snvg = (...args: string[]): string => execFileSync(process.execPath, [program, ...args], { env, encoding: 'utf8', maxBuffer: 1 << 26 });
  const { jobs } = JSON.parse(snvg('jobs', 'list', '--json')) as { jobs: { id: string }[] };
  const runs = new Map<string, TaskRuns>();
  for (const line of snvg('jobs', 'events', jobs[0]?.id ?? '').split('\n').filter((text) => text !== '')) {
    const event = JSON.parse(line) as LoggedEvent;
    if (event.taskKey === undefined || event.op === undefined) continue;
    const of = runs.get(event.taskKey) ?? { op: event.op, started: [], finished: [], hosts: [] };
    runs.set(event.taskKey, of);
    if (event.type === 'task-started') {
      of.started.push(event.at);
      of.hosts.push(event.host);
    }
    if (event.type === 'task-finished' && event.cached === false) of.finished.push(event.at);
  }
  return runs;
}

/** Processes that were started with `mark` in their environment, but for this one: command lines by pid. */
export function processesOf(mark: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark)) continue;
      // A zombie has ended; only its parent has not looked.
      if (/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))) continue;
      found.set(pid, readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim());
    } catch {
      // It has just ended.
    }
  }
  return found;
}

/** Files below a folder that were to be gone: temporary names, scratch folders' contents, halves of transfers. */
export function leftoversBelow(dir: string): string[] {
  return filesBelow(dir)
    .map((path) => relative(dir, path))
    .filter((path) => /(^|\/)scratch\/.+\/|\.part$|\.tmp$|\.incoming/.test(path));
}

function filesBelow(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
