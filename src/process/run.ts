import { setMaxListeners } from 'node:events';
import { execa, type ResultPromise } from 'execa';
import { SnvgError } from '../errors.js';
import { ownerTag } from './identity.js';

/** A child process, as observers see it. `startedAt` distinguishes it from a later process with the same pid. */
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

export interface RunOptions {
  command: string;
  args: readonly string[];
  cwd: string;
  signal?: AbortSignal;
  /** Kills the child when it runs longer than this. */
  timeoutMs?: number;
  /** Kills the child when neither stdout nor stderr says anything for this long. */
  stallMs?: number;
  /** Called per line; the lines are not kept. */
  onStdoutLine?: (line: string) => void;
  onStderrLine?: (line: string) => void;
  /** Called per chunk of binary output, in place of `onStdoutLine`. A returned promise holds the child back until it settles; a throw ends it. */
  onStdoutChunk?: (chunk: Buffer) => void | Promise<void>;
  env?: Record<string, string>;
  /** Exit codes that are not an error. Default: only 0. */
  allowedExitCodes?: readonly number[];
}

export interface RunResult {
  exitCode: number;
  /** The last lines of stderr, bounded. */
  stderrTail: string[];
  wallMs: number;
}

/** A tool that ended with an unexpected code; callers turn it into an error a user understands. */
export class ToolFailure extends Error {
  override readonly name = 'ToolFailure';
  readonly exitCode: number | undefined;
  readonly stderrTail: string[];
  /** The executable could not be started at all. */
  readonly notStarted: boolean;
  constructor(message: string, fields: { exitCode: number | undefined; stderrTail: string[]; notStarted: boolean; cause?: unknown }) {
    super(message, { cause: fields.cause });
    this.exitCode = fields.exitCode;
    this.stderrTail = fields.stderrTail;
    this.notStarted = fields.notStarted;
  }
}

const tailLines = 40;
const killGraceMs = 2_000;

/**
 * Runs one program to its end in a process group of its own: no stdin, output bounded or streamed,
 * the whole group ended on abort (TERM, then KILL after 2 s).
 *
 * @throws {ToolFailure} the program could not be started or ended with a code not in `allowedExitCodes`
 * @throws {SnvgError} TOOL_STALLED when `timeoutMs` or `stallMs` passed
 * @throws the signal's reason when aborted
 */
export async function run(options: RunOptions): Promise<RunResult> {
  options.signal?.throwIfAborted();
  // One signal ends every child of a run, and there may be more of them than Node's guess at a leak.
  if (options.signal) setMaxListeners(0, options.signal);
  const startedMs = performance.now();
  const child = execa(options.command, options.args, {
    cwd: options.cwd,
    env: { ...options.env, SNVG_OWNER: ownerTag() },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    detached: true,
    encoding: 'buffer',
  });
  const record = announce(child, options.command);
  const tail: string[] = [];
  let lastHeardMs = performance.now();
  let stalled = false;
  const heard = (): void => {
    lastHeardMs = performance.now();
  };
  const stop = (): void => endGroup(child);
  options.signal?.addEventListener('abort', stop, { once: true });
  const consumer = options.onStdoutChunk && new ChunkConsumer(options.onStdoutChunk, stop);
  const watch = setInterval(() => {
    const now = performance.now();
    if (consumer?.busy) heard();
    const tooLong = options.timeoutMs !== undefined && now - startedMs > options.timeoutMs;
    const tooQuiet = options.stallMs !== undefined && now - lastHeardMs > options.stallMs;
    if (!stalled && (tooLong || tooQuiet)) {
      stalled = true;
      stop();
    }
  }, 250);
  const stdout = child.stdout;
  const stderr = child.stderr;
  const drained = consumer?.drain(stdout, heard);
  if (!consumer) {
    eachLine(stdout, (line) => {
      heard();
      options.onStdoutLine?.(line);
    });
  }
  eachLine(stderr, (line) => {
    heard();
    tail.push(line.slice(0, 500));
    if (tail.length > tailLines) tail.shift();
    options.onStderrLine?.(line);
  });
  try {
    const result = await child;
    await drained;
    options.signal?.throwIfAborted();
    if (consumer?.refusal) throw consumer.refusal.error;
    if (stalled) {
      throw new SnvgError('TOOL_STALLED', `${options.command} made no progress and was stopped`, 'Run again; if it repeats, the input may be damaged: try a re-encoded copy.');
    }
    const exitCode = result.exitCode;
    if (exitCode === undefined || !(options.allowedExitCodes ?? [0]).includes(exitCode)) {
      throw new ToolFailure(result.shortMessage ?? `${options.command} failed`, {
        exitCode,
        stderrTail: tail,
        notStarted: record === undefined,
        cause: result.cause,
      });
    }
    return { exitCode, stderrTail: tail, wallMs: performance.now() - startedMs };
  } finally {
    clearInterval(watch);
    options.signal?.removeEventListener('abort', stop);
    if (record) forget(record);
  }
}

/** A long-lived child that answers one JSON line per request line, and ends when its stdin closes. */
export interface Service {
  readonly pid: number | undefined;
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Resolves with the exit code when the child has ended for whatever reason. */
  readonly ended: Promise<{ exitCode: number | undefined; stderrTail: string[] }>;
  /** Closes stdin and waits; ends the group when it does not leave by itself. */
  close(): Promise<void>;
}

/** Starts a child that speaks NDJSON over stdin and stdout. */
export function startService(options: { command: string; args: readonly string[]; cwd: string; env?: Record<string, string> }): Service {
  const child = execa(options.command, options.args, {
    cwd: options.cwd,
    env: { ...options.env, SNVG_OWNER: ownerTag() },
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    detached: true,
    encoding: 'buffer',
  });
  const record = announce(child, options.command);
  const tail: string[] = [];
  const listeners = new Set<(message: unknown) => void>();
  const keepTail = (line: string): void => {
    tail.push(line.slice(0, 500));
    if (tail.length > tailLines) tail.shift();
  };
  eachLine(child.stdout, (line) => {
    const message = parseMessage(line);
    // A native library may print to stdout too: its line is no message, but may explain a failure.
    if (message === undefined) keepTail(line);
    else for (const listener of listeners) listener(message);
  });
  eachLine(child.stderr, keepTail);
  // A child that dies with requests unsent reports it through `ended`, not as an unhandled EPIPE.
  child.stdin.on('error', () => {});
  const ended = child.then((result) => {
    if (record) forget(record);
    return { exitCode: result.exitCode, stderrTail: tail };
  });
  return {
    pid: child.pid,
    send: (message) => {
      child.stdin.write(`${JSON.stringify(message)}\n`);
    },
    onMessage: (listener) => {
      listeners.add(listener);
    },
    ended,
    close: async () => {
      child.stdin.end();
      const timer = setTimeout(() => endGroup(child), killGraceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

function parseMessage(line: string): unknown {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

function announce(child: { pid?: number | undefined }, command: string): ChildRecord | undefined {
  if (child.pid === undefined) return undefined;
  const record = { pid: child.pid, command };
  living.add(record.pid);
  observer?.started(record);
  return record;
}

function forget(record: ChildRecord): void {
  living.delete(record.pid);
  observer?.ended(record);
}

function endGroup(child: Pick<ResultPromise, 'pid'>): void {
  const pid = child.pid;
  if (pid === undefined) return;
  signalGroup(pid, 'SIGTERM');
  setTimeout(() => signalGroup(pid, 'SIGKILL'), killGraceMs).unref();
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has already ended.
  }
}

/** Hands on binary output one chunk after the other, leaving the rest in the pipe meanwhile. */
class ChunkConsumer {
  /** The consumer is at work: a silence meanwhile is not the child's. */
  busy = false;
  /** What the consumer threw; the child was ended for it. */
  refusal: { error: unknown } | undefined;
  readonly #onChunk;
  readonly #stop;

  constructor(onChunk: (chunk: Buffer) => void | Promise<void>, stop: () => void) {
    this.#onChunk = onChunk;
    this.#stop = stop;
  }

  async drain(stream: AsyncIterable<unknown>, heard: () => void): Promise<void> {
    try {
      for await (const chunk of stream) {
        heard();
        this.busy = true;
        try {
          await this.#onChunk(chunk as Buffer);
        } catch (error) {
          this.refusal = { error };
          this.#stop();
          return;
        } finally {
          this.busy = false;
        }
      }
    } catch {
      // The pipe broke off because the child was ended: its exit code tells why.
    }
  }
}

/** Splits at \n and \r (ffmpeg redraws its status with \r); a last line without an end counts. */
function eachLine(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split(/[\r\n]/);
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}
