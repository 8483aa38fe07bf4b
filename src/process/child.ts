import { execa, type ResultPromise } from 'execa';
import { holdsSecret } from '../secrets.js';
import { ownerTag } from './identity.js';

/** A child process, as observers see it. */
interface ChildRecord {
  pid: number;
  command: string;
}

/** Told about every child, so that a killed run's children can be found and ended later. */
export interface ChildObserver {
  started(child: ChildRecord): void;
  ended(child: ChildRecord): void;
}

let observer: ChildObserver | undefined;

const living = new Set<number>();

/** Ends every child and what it started, at once: for a second Ctrl-C and for the way out after a bug. */
export function killAllChildren(): void {
  for (const pid of living) signalGroup(pid, 'SIGKILL');
}

// Children lead groups of their own, so a terminal's Ctrl-C does not reach them and nothing else ends them at exit.
process.on('exit', killAllChildren);

/** The composition root installs one observer per process. */
export function observeChildren(next: ChildObserver | undefined): void {
  observer = next;
}

/** How long a child may take to leave after TERM before it is killed. */
export const killGraceMs = 2_000;

interface SpawnRequest {
  command: string;
  args: readonly string[];
  cwd: string;
  env?: Record<string, string>;
}

const piped = { stdout: 'pipe', stderr: 'pipe', buffer: false, reject: false, detached: true, encoding: 'buffer' } as const;

function surroundings({ cwd, env }: SpawnRequest): { cwd: string; env: Record<string, string | undefined> } {
  return { cwd, env: { ...withoutSecrets(), ...env, SNVG_OWNER: ownerTag() } };
}

/** Programs that are started see none of snvg's secrets. */
function withoutSecrets(): Record<string, undefined> {
  return Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => (holdsSecret(name, value) ? [[name, undefined]] : [])));
}

/** Starts a program in a process group of its own, marked as ours; it has no stdin. */
export function spawnTool(request: SpawnRequest) {
  return execa(request.command, request.args, { ...piped, ...surroundings(request), stdin: 'ignore' });
}

/** Like `spawnTool`, with a stdin to write to. */
export function spawnFed(request: SpawnRequest) {
  return execa(request.command, request.args, { ...piped, ...surroundings(request), stdin: 'pipe' });
}

/** Starts a program that is the person's from then on, such as their browser: nobody waits for it or ends it. False: it could not be started. */
export async function spawnForPerson(command: string, args: readonly string[], cwd: string): Promise<boolean> {
  const child = execa(command, args, { cwd, env: withoutSecrets(), stdio: 'ignore', detached: true, cleanup: false, reject: false });
  if (child.pid === undefined) return !(await child).failed;
  child.unref();
  return true;
}

/** Tells the observer of a child; undefined when it could not be started. */
export function announce(child: { pid?: number | undefined }, command: string): ChildRecord | undefined {
  if (child.pid === undefined) return undefined;
  const record = { pid: child.pid, command };
  living.add(record.pid);
  observer?.started(record);
  return record;
}

/** Tells the observer that a child has ended. */
export function forget(record: ChildRecord): void {
  living.delete(record.pid);
  observer?.ended(record);
}

/** Ends a child with all it started: TERM, then KILL. */
export function endGroup(child: Pick<ResultPromise, 'pid'>): void {
  const pid = child.pid;
  if (pid === undefined) return;
  signalGroup(pid, 'SIGTERM');
  setTimeout(() => signalGroup(pid, 'SIGKILL'), killGraceMs).unref();
}

/** Kills a child with all of its group at once. */
export function killGroup(child: Pick<ResultPromise, 'pid'>): void {
  if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has already ended.
  }
}

/** The last lines of a child's stderr, bounded. */
export class LineTail {
  readonly lines: string[] = [];

  keep(line: string): void {
    this.lines.push(line.slice(0, 500));
    if (this.lines.length > 40) this.lines.shift();
  }
}

/**
 * Splits at \n and \r (ffmpeg redraws its status with \r); a last line without an end counts.
 *
 * @param longest what is over this many characters of a line is left out: a file's title may have megabytes and no line end
 */
export function eachLine(stream: NodeJS.ReadableStream, onLine: (line: string) => void, longest = Infinity): void {
  let parts: string[] = [];
  let kept = 0;
  const keep = (text: string): void => {
    if (text === '' || kept >= longest) return;
    parts.push(text.length > longest - kept ? text.slice(0, longest - kept) : text);
    kept += text.length;
  };
  const end = (): void => {
    const line = parts.join('');
    parts = [];
    kept = 0;
    onLine(line);
  };
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const [first = '', ...more] = chunk.split(/[\r\n]/);
    keep(first);
    for (const text of more) {
      end();
      keep(text);
    }
  });
  stream.on('end', () => {
    if (kept > 0) end();
  });
}
