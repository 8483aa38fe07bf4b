import { announce, eachLine, endGroup, forget, killGraceMs, killGroup, LineTail, spawnFed } from './child.js';

/** A long-lived child that answers one JSON line per request line, and ends when its stdin closes. */
export interface Service {
  readonly pid: number | undefined;
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Resolves when the child has ended for whatever reason; `endedBy` names the signal when it was one. */
  readonly ended: Promise<{ exitCode: number | undefined; endedBy: string | undefined; stderrTail: string[] }>;
  /** Closes stdin and waits; ends the group when it does not leave by itself. */
  close(): Promise<void>;
  /** Kills the group at once. */
  kill(): void;
}

/** Starts a child that speaks NDJSON over stdin and stdout. */
export function startService(options: { command: string; args: readonly string[]; cwd: string; env?: Record<string, string>; onStderrLine?: (line: string) => void }): Service {
  const child = spawnFed(options);
  const record = announce(child, options.command);
  const tail = new LineTail();
  const listeners = new Set<(message: unknown) => void>();
  eachLine(child.stdout, (line) => {
    const message = parseMessage(line);
    // A native library may print to stdout too: its line is no message, but may explain a failure.
    if (message === undefined) tail.keep(line);
    else for (const listener of listeners) listener(message);
  });
  eachLine(child.stderr, (line) => {
    tail.keep(line);
    options.onStderrLine?.(line);
  });
  // A child that dies with requests unsent reports it through `ended`, not as an unhandled EPIPE.
  child.stdin.on('error', () => {});
  const ended = child.then((result) => {
    if (record) forget(record);
    return { exitCode: result.exitCode, endedBy: result.signal, stderrTail: tail.lines };
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
    kill: () => killGroup(child),
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
