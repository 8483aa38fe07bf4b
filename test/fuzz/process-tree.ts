import { readdirSync, readFileSync } from 'node:fs';

/** Process ids of all living descendants of `root`, itself included; zombies do not count. */
export function treeOf(root: number): number[] {
  const childrenOf = new Map<number, number[]>();
  const dead = new Set<number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const fields = statFields(pid);
    if (!fields) continue;
    if (fields[0] === 'Z') dead.add(pid);
    const parent = Number(fields[1]);
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), pid]);
  }
  const found = [root];
  for (let at = 0; at < found.length; at += 1) found.push(...(childrenOf.get(found[at] ?? 0) ?? []));
  return found.filter((pid) => !dead.has(pid));
}

/** What stands for one process through pid reuse; undefined when it has ended. */
export function identityOf(pid: number): string | undefined {
  const fields = statFields(pid);
  return fields === undefined || fields[0] === 'Z' ? undefined : `${pid}.${fields[19]}`;
}

/** Memory of one process with pages shared among several counted once (proportional set size), in bytes. */
export function proportionalBytes(pid: number): number {
  try {
    return 1024 * Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Fields of /proc/<pid>/stat from the state on. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
