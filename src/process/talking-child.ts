import type { Readable, Writable } from 'node:stream';
import { announce, eachLine, forget, killGroup, LineTail, spawnFed } from './child.js';

/** A child that is talked with in bytes, over its stdin and stdout. */
export interface TalkingChild {
  readonly pid: number | undefined;
  readonly read: Readable;
  readonly write: Writable;
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<{ exitCode: number | undefined; stderrTail: readonly string[] }>;
  /** Kills it, with all of its process group, at once. */
  kill(): void;
}

/** Starts a child whose stdin and stdout carry a protocol; its stderr is read line by line, and its last lines are kept. */
export function startTalkingChild(options: { command: string; args: readonly string[]; cwd: string; env?: Record<string, string>; onStderrLine?: (line: string) => void }): TalkingChild {
  const child = spawnFed(options);
  const record = announce(child, options.command);
  const tail = new LineTail();
  eachLine(
    child.stderr,
    (line) => {
      tail.keep(line);
      options.onStderrLine?.(line);
    },
    16_384,
  );
  // One that ends with something unsent to it says so through `ended`; who writes has a listener of its own.
  child.stdin.on('error', () => {});
  child.stdout.on('error', () => {});
  return {
    pid: child.pid,
    read: child.stdout,
    write: child.stdin,
    ended: child.then((result) => {
      if (record) forget(record);
      else tail.keep(result.shortMessage ?? `${options.command} could not be started`);
      return { exitCode: result.exitCode, stderrTail: tail.lines };
    }),
    kill: () => killGroup(child),
  };
}
