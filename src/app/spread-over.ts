import { hostname, totalmem } from 'node:os';
import { FilmExcerpts } from '../media/excerpt.js';
import type { Place } from '../pipeline/backends/place.js';
import { HerePlace } from '../pipeline/backends/spread/here-place.js';
import { SpreadBackend } from '../pipeline/backends/spread/spread-backend.js';
import type { LocalSupply } from '../pipeline/backends/wire/local-supply.js';
import { readArtifact, type TaskHost } from '../pipeline/run-task.js';
import type { FileRef } from '../pipeline/stage.js';
import type { Task } from '../pipeline/task.js';
import { type WorkOrder, workOrderOf } from '../pipeline/work-order.js';

export interface SpreadRequest {
  /** What this machine lends to the tasks it runs itself. */
  host: TaskHost;
  /** Half cores of this machine. */
  slots: number;
  /** Whether this machine takes its share of what could be done elsewhere. */
  takesShare: boolean;
  hosts: readonly Place[];
  /** Whence the hosts get the bytes of sources. */
  supply: LocalSupply;
  /** What was found of films, between runs. */
  memo?: { get(key: string): string | undefined; set(key: string, value: string): void };
}

/** A backend over this machine and hosts that are reached by links. */
export function spreadOver({ host, slots, takesShare, hosts, supply, memo }: SpreadRequest): SpreadBackend {
  const films = new FilmExcerpts({ toolchain: host.toolchain, scratchRoot: host.scratchRoot, ...(memo ? { memo } : {}) });
  const taken = new Set(hosts.map(({ name }) => name));
  const orderOf = async (task: Task, signal: AbortSignal): Promise<WorkOrder | undefined> => {
    const order = await workOrderOf(task, { films, read: (ref) => readArtifact(host.store, ref), signal });
    if (order) for (const file of filesOf(task)) await supply.offer(file);
    return order;
  };
  return new SpreadBackend({
    here: new HerePlace({ name: taken.has(hostname()) ? 'this machine' : hostname(), host, slots, memoryBytes: totalmem() }),
    hosts,
    takesShare,
    store: host.store,
    results: host.results,
    ...(host.claims ? { claims: host.claims } : {}),
    orderOf,
    log: host.log,
  });
}

/** Inputs outside the store. */
function filesOf({ inputs }: Task): FileRef[] {
  return Object.values(inputs).flatMap((input) => (input !== undefined && 'path' in input ? [input] : []));
}
