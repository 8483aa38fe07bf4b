import type { Readable, Writable } from 'node:stream';
import { announce, eachLine, endGroup, forget, LineTail, spawnFed } from './child.js';

/** A long-lived child whose stdin and stdout are bytes that somebody else makes sense of. */
export interface Piped {
  readonly pid: number | undefined;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /**
   * Resolves when the child itself has ended, whoever else still holds its pipes (a daemon it left behind may). `failure` says why it could
   * not even be started.
   */
  readonly ended: Promise<PipedEnd>;
  /** Ends it with all it started: TERM, then KILL. */
  kill(): void;
}

export interface PipedEnd {
  exitCode: number | undefined;
  /** The last lines of stderr, bounded. */
  stderrTail: readonly string[];
  failure: string | undefined;
}

/** Starts a child with pipes, in a process group of its own. */
export function startPiped(options: { command: string; args: readonly string[]; cwd: string; env?: Record<string, string>; onStderrLine?: (line: string) => void }): Piped {
  const child = spawnFed(options);
  const record = announce(child, options.command);
  const tail = new LineTail();
  eachLine(
    child.stderr,
    (line) => {
      tail.keep(line);
      options.onStderrLine?.(line);
    },
    longestLine,
  );
  // A child that dies with bytes unsent says why through `ended`; whoever writes learns it from the stream's end.
  child.stdin.on('error', () => {});
  child.stdout.on('error', () => {});
  const ended = new Promise<PipedEnd>((resolve) => {
    const settle = (exitCode: number | undefined, failure: string | undefined): void => {
      if (record) forget(record);
      resolve({ exitCode, stderrTail: tail.lines, failure });
    };
    // What it wrote last is still in the pipe when it has gone.
    child.once('exit', (code) => setTimeout(() => settle(code ?? undefined, undefined), lastWordsMs));
    void child.then((result) => settle(result.exitCode, record === undefined ? (result.shortMessage ?? `${options.command} cannot be started`) : undefined));
  });
  return { pid: child.pid, stdin: child.stdin, stdout: child.stdout, ended, kill: () => endGroup(child) };
}

const longestLine = 16_384;
/** A pipe of a child that has gone is read empty within this, on any machine that is alive. */
const lastWordsMs = 300;
