import { setMaxListeners } from 'node:events';
import { SnvgError } from '../errors.js';
import { announce, eachLine, endGroup, forget, LineTail, spawnFed, spawnTool } from './child.js';
import { Feeder, type Write } from './feeder.js';
import { type ChildLimits, notExecuted, withinLimits } from './limits.js';

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
  /**
   * Writes the child's stdin, which is closed when this settles. Without it the child has none. A throw ends the child; `write` throws when
   * the child no longer reads, and then its exit tells why.
   */
  feed?: (write: Write) => Promise<void>;
  env?: Record<string, string>;
  /** Exit codes that are not an error. Default: only 0. */
  allowedExitCodes?: readonly number[];
  /** For programs that read what strangers wrote. */
  limits?: ChildLimits;
}

export interface RunResult {
  exitCode: number;
  /** The last lines of stderr, bounded. */
  stderrTail: string[];
  wallMs: number;
}

/** Characters of a line that reach a listener. Messages are short; a report may carry a long text in one line. */
const longestLine = { stdout: 8 * 2 ** 20, stderr: 16_384 };

/** A tool that ended with an unexpected code; callers turn it into an error a user understands. */
export class ToolFailure extends Error {
  override readonly name = 'ToolFailure';
  readonly exitCode: number | undefined;
  /** What ended it, when it was not an exit: `SIGSEGV` is a fault in the program, `SIGKILL` may be the system's. */
  readonly endedBy: string | undefined;
  readonly stderrTail: string[];
  /** The executable could not be started at all. */
  readonly notStarted: boolean;
  constructor(message: string, fields: { exitCode: number | undefined; endedBy: string | undefined; stderrTail: string[]; notStarted: boolean; cause?: unknown }) {
    super(message, { cause: fields.cause });
    this.exitCode = fields.exitCode;
    this.endedBy = fields.endedBy;
    this.stderrTail = fields.stderrTail;
    this.notStarted = fields.notStarted;
  }
}

/**
 * Runs one program to its end in a process group of its own: stdin only from `feed`, output bounded or streamed,
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
  const request = options.limits ? withinLimits(options, options.limits) : options;
  const child = options.feed ? spawnFed(request) : spawnTool(request);
  const record = announce(child, options.command);
  const tail = new LineTail();
  let lastHeardMs = performance.now();
  let stalled = false;
  const heard = (): void => {
    lastHeardMs = performance.now();
  };
  const stop = (): void => endGroup(child);
  options.signal?.addEventListener('abort', stop, { once: true });
  const consumer = options.onStdoutChunk && new ChunkConsumer(options.onStdoutChunk, stop);
  const feeder = options.feed && child.stdin ? new Feeder(child.stdin, options.feed, stop) : undefined;
  const watch = setInterval(() => {
    const now = performance.now();
    // A child that waits for us is not stalled.
    if (consumer?.busy || feeder?.producing) heard();
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
    eachLine(
      stdout,
      (line) => {
        heard();
        options.onStdoutLine?.(line);
      },
      longestLine.stdout,
    );
  }
  eachLine(
    stderr,
    (line) => {
      heard();
      tail.keep(line);
      options.onStderrLine?.(line);
    },
    longestLine.stderr,
  );
  try {
    const result = await child;
    await drained;
    await feeder?.settled;
    options.signal?.throwIfAborted();
    if (feeder?.refusal) throw feeder.refusal.error;
    if (consumer?.refusal) throw consumer.refusal.error;
    if (stalled) {
      throw new SnvgError('TOOL_STALLED', `${options.command} made no progress and was stopped`, 'Run again; if it repeats, the input may be damaged: try a re-encoded copy.');
    }
    const exitCode = result.exitCode;
    if (exitCode === undefined || !(options.allowedExitCodes ?? [0]).includes(exitCode)) {
      const shellGaveUp = options.limits !== undefined && exitCode !== undefined && notExecuted.includes(exitCode);
      // The shell that sets the limits says why in its last line; its own command line is nothing to show.
      const message = shellGaveUp ? (tail.lines.at(-1) ?? `${options.command} cannot be run`) : `${options.command} ${result.signal ? `was ended by ${result.signal}` : `ended with exit code ${exitCode}`}`;
      throw new ToolFailure(record === undefined ? (result.shortMessage ?? message) : message, {
        exitCode,
        endedBy: result.signal,
        stderrTail: tail.lines,
        notStarted: record === undefined || shellGaveUp,
        cause: result.cause,
      });
    }
    return { exitCode, stderrTail: tail.lines, wallMs: performance.now() - startedMs };
  } finally {
    clearInterval(watch);
    options.signal?.removeEventListener('abort', stop);
    if (record) forget(record);
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
