import { readdirSync, readFileSync } from 'node:fs';
import { isSameProcessAlive, type ProcessIdentity, startTimeOf } from './identity.js';

/** A child and who started it. */
interface Owned {
  child: ProcessIdentity;
  owner: ProcessIdentity;
}

/**
 * Ends the process groups of children whose owner has died without ending them (SIGKILL, power).
 * `recorded` is what owners wrote down; on Linux the owner tag in each process's environment also finds a child
 * whose owner died between starting it and writing it down. A pid now used by another process is left alone:
 * the start time differs.
 *
 * @returns the pids that were ended
 */
export function reapOrphans(recorded: readonly Owned[]): number[] {
  const reaped: number[] = [];
  for (const { child, owner } of [...recorded, ...taggedProcesses()]) {
    if (isSameProcessAlive(owner) || !isSameProcessAlive(child)) continue;
    try {
      // Every child leads a group of its own (child.ts), so its own children go with it.
      process.kill(-child.pid, 'SIGKILL');
      reaped.push(child.pid);
    } catch {
      // It ended by itself in between.
    }
  }
  return reaped;
}

/** Ends the children of one process, known by their tags on Linux, whether it lives or not. @returns the pids that were ended */
export function endChildrenOf(owner: ProcessIdentity): number[] {
  const ended: number[] = [];
  for (const { child, owner: theirs } of taggedProcesses()) {
    if (theirs.pid !== owner.pid || theirs.startTime !== owner.startTime) continue;
    try {
      process.kill(-child.pid, 'SIGKILL');
      ended.push(child.pid);
    } catch {
      // It ended by itself in between.
    }
  }
  return ended;
}

function taggedProcesses(): Owned[] {
  if (process.platform !== 'linux') return [];
  const found: Owned[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const tag = environmentOf(pid)?.match(/(?:^|\0)SNVG_OWNER=(\d+)\.(\d+)(?:\0|$)/);
    const startTime = startTimeOf(pid);
    if (!tag?.[1] || !tag[2] || !startTime) continue;
    found.push({ child: { pid, startTime }, owner: { pid: Number(tag[1]), startTime: tag[2] } });
  }
  return found;
}

function environmentOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    // Another user's process, or one that has just ended.
    return undefined;
  }
}
