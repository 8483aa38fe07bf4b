import { readFileSync, readlinkSync } from 'node:fs';

/**
 * A process identity that survives pid reuse: pid and start time.
 * Linux: field 22 of /proc/<pid>/stat, in clock ticks since boot (proc(5)). Elsewhere '0': pid alone.
 */
export function startTimeOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return isAlive(pid) ? '0' : undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name is in parentheses and may hold spaces: count fields after the last ')'.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has already ended; only its parent has not looked.
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Whether a process was stopped (SIGSTOP) and not continued. Linux alone says so. */
export function isStopped(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.startsWith('T', stat.lastIndexOf(')') + 2);
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export interface ProcessIdentity {
  pid: number;
  startTime: string;
}

let own: ProcessIdentity | undefined;

export function ownIdentity(): ProcessIdentity {
  own ??= { pid: process.pid, startTime: startTimeOf(process.pid) ?? '0' };
  return own;
}

/** Marks every child's environment with who started it: `<pid>.<start time>`. */
export function ownerTag(): string {
  const { pid, startTime } = ownIdentity();
  return `${pid}.${startTime}`;
}

export function isSameProcessAlive(identity: ProcessIdentity): boolean {
  return startTimeOf(identity.pid) === identity.startTime;
}

/**
 * Where a pid means something: this boot of this machine, and its pid namespace, as containers have one each. Undefined where the system
 * does not say.
 */
export function pidPlace(): string | undefined {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}
