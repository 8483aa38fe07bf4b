import { totalmem } from 'node:os';

/** What the system itself holds a child to, whatever the child does. */
export interface ChildLimits {
  /** User and system time; the child is told at this much and killed `cpuGraceSeconds` later. */
  cpuSeconds: number;
}

const cpuGraceSeconds = 10;
/** Three quarters of the machine, so that a decoder gone wild ends before the machine has to choose a victim. */
const memoryKilobytes = Math.max(2 * 2 ** 20, Math.floor((totalmem() * 0.75) / 1024));

/**
 * Sets limits on itself and then becomes the program: pid, group and arguments stay what they would be. Each limit is for itself, as
 * systems and containers differ in what they allow; none that is already tighter is widened. Core files would be copies of people's films.
 */
const script = [
  'ulimit -c 0',
  'ulimit -S -t "$1"',
  'ulimit -H -t "$2"',
  // RLIMIT_DATA, not RLIMIT_AS: address space that threads merely reserve is no memory.
  'ulimit -d "$3"',
].map((line) => `${line} 2>/dev/null`).join('; ') + '; shift 3; exec "$@"';

/** Exit codes of a shell that could not become the program (POSIX, `exec`). */
export const notExecuted: readonly number[] = [126, 127];

/** The command line that starts a program within limits; unchanged where there is no POSIX shell. */
export function withinLimits<T extends { command: string; args: readonly string[] }>(request: T, { cpuSeconds }: ChildLimits): T {
  if (process.platform === 'win32') return request;
  const soft = Math.ceil(cpuSeconds);
  return { ...request, command: '/bin/sh', args: ['-c', script, 'sh', String(soft), String(soft + cpuGraceSeconds), String(memoryKilobytes), request.command, ...request.args] };
}
