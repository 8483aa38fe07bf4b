import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { bytesIn, type ByteRange, joined, without } from '../../src/artifacts/byte-range.js';
import type { TaskResult } from '../../src/artifacts/task-results.js';
import type { Slots } from '../../src/pipeline/backends/backend.js';
import { type Place, PlaceFault, type PlaceState } from '../../src/pipeline/backends/place.js';
import { type LinkOptions, openLink } from '../../src/pipeline/backends/wire/open-link.js';
import type { WorkerLink } from '../../src/pipeline/backends/wire/worker-link.js';
import type { WorkOrder } from '../../src/pipeline/work-order.js';
import { startPiped } from '../../src/process/piped.js';

const program = resolve(import.meta.dirname, '../../bin/snvg.js');

export interface AgentHost {
  name: string;
  /** Whose cache its agent uses; made if need be. */
  home: string;
  /** The only core it runs on, by its number; it has two half cores to give. */
  core: number;
  link: Omit<LinkOptions, 'name' | 'signal'>;
  /** Of this machine's toolchain. */
  identities: Readonly<Record<string, string>>;
}

/** A host that is a process of this machine: the agent and the link are the real ones, only SSH between them is not there. */
export class AgentPlace implements Place {
  readonly name: string;
  readonly problem = undefined;
  readonly #host: AgentHost;
  readonly #sent = new Map<string, ByteRange[]>();
  #link: WorkerLink | undefined;
  state: PlaceState = 'connecting';

  constructor(host: AgentHost) {
    this.name = host.name;
    this.#host = host;
  }

  get memoryBytes(): number {
    return this.#link?.welcome.memoryBytes ?? Number.POSITIVE_INFINITY;
  }

  get traffic(): { sentBytes: number; receivedBytes: number } {
    return { sentBytes: 0, receivedBytes: 0, ...this.#link?.traffic };
  }

  capacity(): Slots {
    return { total: this.#link?.welcome.slots ?? 0, free: this.#link?.load.freeSlots ?? 0 };
  }

  lacks(order: WorkOrder): string | undefined {
    const other = order.tools.find((tool) => this.#link?.welcome.identities[tool] !== this.#host.identities[tool]);
    return other === undefined ? undefined : `another build of ${other}`;
  }

  missingBytes(order: WorkOrder): number {
    return order.parts.reduce((sum, { sha256, ranges }) => sum + bytesIn(without(ranges, this.#sent.get(sha256) ?? [])), 0);
  }

  async run(order: WorkOrder, options: Parameters<Place['run']>[1]): Promise<TaskResult> {
    if (!this.#link) throw new PlaceFault('network', `${this.name} is not connected`, 'Connect it.');
    const result = await this.#link.run(order, options);
    for (const { sha256, ranges } of order.parts) this.#sent.set(sha256, joined([...(this.#sent.get(sha256) ?? []), ...ranges]));
    return result;
  }

  async connect(signal: AbortSignal): Promise<void> {
    const { home, core, link, name } = this.#host;
    mkdirSync(home, { recursive: true });
    const child = startPiped({ command: 'taskset', args: ['-c', String(core), process.execPath, program, 'worker', '--stdio', '--slots', '2'], cwd: home, env: { SNVG_HOME: home } });
    this.#link = await openLink({ read: child.stdout, write: child.stdin, ended: child.ended, kill: child.kill }, { ...link, name, signal });
    this.state = 'ready';
    void this.#watch(this.#link);
  }

  async close(): Promise<void> {
    await this.#link?.close();
  }

  async #watch(link: WorkerLink): Promise<void> {
    await link.lost;
    this.state = 'lost';
  }
}
