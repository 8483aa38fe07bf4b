import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Clock ticks a second in /proc; 100 on every Linux that Node runs on (proc(5), USER_HZ). */
const ticksPerSecond = 100;

export interface Measured {
  exitCode: number | null;
  stdout: string;
  stderr: string;
  /** User and system seconds of the process and of all descendants it waited for. */
  cpuSeconds: number;
  wallSeconds: number;
  /** Peak resident memory of the process itself, not of its children. */
  peakRssBytes: number;
}

/**
 * Runs one program to its end. CPU time is what the kernel added to this process's waited-for children
 * (/proc/self/stat fields 16 and 17): it holds the whole tree, so long as every parent in it waits for its children.
 * One measurement at a time, or they count each other's.
 */
export function measure(command: string, args: readonly string[], options: { cwd?: string; env?: Record<string, string>; whileRunning?: () => void; stdin?: 'ignore' } = {}): Promise<Measured> {
  return new Promise((done, fail) => {
    const cpuBefore = childrenCpuSeconds();
    const startedMs = performance.now();
    const child = spawn(command, args, { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    let peakRssBytes = 0;
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    // Only the end of what is said on stderr is ever shown.
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-20_000)));
    const sample = setInterval(() => {
      peakRssBytes = Math.max(peakRssBytes, peakRssOf(child.pid));
      options.whileRunning?.();
    }, 100);
    child.on('error', (error) => {
      clearInterval(sample);
      fail(error);
    });
    child.on('close', (exitCode) => {
      clearInterval(sample);
      options.whileRunning?.();
      done({ exitCode, stdout, stderr, cpuSeconds: childrenCpuSeconds() - cpuBefore, wallSeconds: (performance.now() - startedMs) / 1000, peakRssBytes });
    });
  });
}

/** As `measure`, and an exit code other than 0 is an error with the end of stderr. */
export async function measureOk(command: string, args: readonly string[], options?: Parameters<typeof measure>[2]): Promise<Measured> {
  const result = await measure(command, args, options);
  if (result.exitCode !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${result.exitCode}:\n${result.stderr.slice(-2_000)}`);
  return result;
}

/** CPU seconds of one short run to the millisecond, as bash's `time` reads it from the kernel. */
export async function shortRunCpuSeconds(command: string, args: readonly string[]): Promise<number> {
  const script = 'TIMEFORMAT="%3U %3S"; time "$@" >/dev/null 2>&1';
  const { stderr } = await measureOk('/bin/bash', ['-c', script, 'bash', command, ...args]);
  const [user = Number.NaN, system = Number.NaN] = stderr.trim().split(' ').map(Number);
  return user + system;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? Number.NaN) : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

function childrenCpuSeconds(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  // The command name is in parentheses and may hold spaces: count fields after the last ')'.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
}

/** VmHWM: the kernel's own high-water mark, so nothing between two samples is missed but the very end. */
function peakRssOf(pid: number | undefined): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}
