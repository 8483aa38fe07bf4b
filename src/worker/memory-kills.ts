import { readFileSync } from 'node:fs';

/** Where Linux counts the processes it has killed for want of memory, in any group (proc(5), since 4.13). */
const countFile = '/proc/vmstat';

/**
 * Tells a kill for want of memory from one by a person: the system counts its own. Where it does not say, a SIGKILL that snvg did not
 * send is taken for the system's.
 */
export class MemoryKills {
  readonly #count: () => number | undefined;
  #seen: number | undefined;

  constructor(count: () => number | undefined = countedKills) {
    this.#count = count;
    this.#seen = count();
  }

  /** Whether the system has killed something since this was last true. To be asked once for each process that SIGKILL has ended. */
  happened(): boolean {
    const count = this.#count();
    if (count === undefined || this.#seen === undefined) return true;
    if (count <= this.#seen) return false;
    this.#seen += 1;
    return true;
  }
}

function countedKills(): number | undefined {
  try {
    const found = /^oom_kill (\d+)$/m.exec(readFileSync(countFile, 'utf8'))?.[1];
    return found === undefined ? undefined : Number(found);
  } catch {
    return undefined;
  }
}
