import { setTimeout as sleep } from 'node:timers/promises';
import { bytesIn, type ByteRange, joined, without } from '../../../artifacts/byte-range.js';
import type { TaskResult } from '../../../artifacts/task-results.js';
import type { WorkOrder } from '../../work-order.js';
import type { Slots } from '../backend.js';
import { type Place, PlaceFault, type PlaceState } from '../place.js';
import type { RunListener } from '../shared-run.js';
import type { LinkStreams, WorkerLink } from '../wire/worker-link.js';
import { absentMark, agentCommand } from './agent-command.js';
import { type SshConnection, SshFailure } from './ssh-connection.js';
import { placeFaultOf } from './ssh-fault.js';

export interface SshPlaceOptions {
  name: string;
  connection: SshConnection;
  /** Folder of the version that is installed there; undefined: whatever its PATH has. */
  program: string | undefined;
  /** Cores it gives at most; undefined: what its agent says. */
  cores: number | undefined;
  /** Of this machine's toolchain: what enters task keys. */
  identities: Readonly<Record<string, string>>;
  greet(streams: LinkStreams, signal: AbortSignal): Promise<WorkerLink>;
}

/** A host reached by SSH: one agent at a time, started anew after it was lost. */
export class SshPlace implements Place {
  readonly name: string;
  readonly #options: SshPlaceOptions;
  readonly #sent = new Map<string, ByteRange[]>();
  readonly #traffic = { sentBytes: 0, receivedBytes: 0 };
  #link: WorkerLink | undefined;
  #state: PlaceState = 'lost';
  #problem: { message: string; remedy: string } | undefined;
  #usedSlots = 0;
  #connecting: Promise<void> | undefined;
  #closed = false;

  constructor(options: SshPlaceOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get state(): PlaceState {
    return this.#state;
  }

  get problem(): { message: string; remedy: string } | undefined {
    return this.#problem;
  }

  /** What the agent said when it was greeted; undefined while there is none. */
  get welcome(): WorkerLink['welcome'] | undefined {
    return this.#link?.welcome;
  }

  get memoryBytes(): number {
    return this.#link?.welcome.memoryBytes ?? Number.POSITIVE_INFINITY;
  }

  get traffic(): Readonly<{ sentBytes: number; receivedBytes: number }> {
    const now = this.#link?.traffic ?? { sentBytes: 0, receivedBytes: 0 };
    return { sentBytes: this.#traffic.sentBytes + now.sentBytes, receivedBytes: this.#traffic.receivedBytes + now.receivedBytes };
  }

  capacity(): Slots {
    if (!this.#link || this.#state !== 'ready') return { total: 0, free: 0 };
    const total = this.#totalSlots(this.#link);
    return { total, free: Math.max(0, Math.min(total - this.#usedSlots, this.#link.load.freeSlots)) };
  }

  lacks(order: WorkOrder): string | undefined {
    const welcome = this.#link?.welcome;
    if (!welcome) return `${this.name} is not connected`;
    const other = order.tools.find((tool) => welcome.identities[tool] !== this.#options.identities[tool]);
    if (other === undefined) return undefined;
    return welcome.identities[other] === undefined ? `${this.name} has no ${other}` : `${this.name} has another build of ${other} than this machine`;
  }

  missingBytes(order: WorkOrder): number {
    return order.parts.reduce((sum, { sha256, ranges }) => sum + bytesIn(without(ranges, this.#sent.get(sha256) ?? [])), 0);
  }

  async run(order: WorkOrder, options: { signal: AbortSignal; listener: RunListener }): Promise<TaskResult> {
    const link = this.#link;
    if (!link || this.#state !== 'ready') throw new PlaceFault('network', `${this.name} is not connected`, 'The work goes on elsewhere.');
    const slots = Math.min(order.task.slots, this.#totalSlots(link));
    this.#usedSlots += slots;
    try {
      const result = await link.run(order, options);
      this.#remember(order);
      return result;
    } finally {
      this.#usedSlots -= slots;
    }
  }

  connect(signal: AbortSignal): Promise<void> {
    if (this.#state === 'ready') return Promise.resolve();
    this.#connecting ??= this.#connect(signal).finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#connecting?.catch(() => {});
    await this.#link?.close();
    await this.#options.connection.disconnect();
    this.#state = 'lost';
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const { connection, program } = this.#options;
    this.#state = 'connecting';
    // A shared connection that a cut has left hanging would hang the next agent as well.
    await connection.disconnect();
    try {
      const session = await connection.open(agentCommand(program), { signal });
      let link: WorkerLink;
      try {
        link = await this.#options.greet(session, signal);
      } catch (error) {
        session.kill();
        throw (await this.#absence(session)) ?? error;
      }
      this.#adopt(link);
    } catch (error) {
      signal.throwIfAborted();
      throw this.#refuse(error);
    }
    if (this.#closed) await this.#link?.close();
  }

  #adopt(link: WorkerLink): void {
    this.#link = link;
    this.#state = 'ready';
    this.#problem = undefined;
    void this.#watch(link);
  }

  async #watch(link: WorkerLink): Promise<void> {
    const { message, remedy } = await link.lost;
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#traffic.sentBytes += link.traffic.sentBytes;
    this.#traffic.receivedBytes += link.traffic.receivedBytes;
    this.#state = 'lost';
    this.#problem = { message, remedy };
  }

  /** Says what is wrong once for all who look, and gives what to throw. */
  #refuse(error: unknown): unknown {
    const fault = error instanceof SshFailure ? placeFaultOf(error.fault) : error;
    const again = error instanceof SshFailure ? error.fault.retryable : fault instanceof PlaceFault && fault.blame === 'network';
    this.#state = again ? 'lost' : 'refused';
    this.#problem = fault instanceof PlaceFault ? { message: fault.message, remedy: fault.remedy } : { message: `${this.name}: ${(fault as Error).message}`, remedy: `See with snvg hosts test ${this.name}.` };
    return fault;
  }

  /** Why no agent greeted, where its host could say it. */
  async #absence(session: LinkStreams): Promise<PlaceFault | undefined> {
    const end = await Promise.race([session.ended, sleep(lastWordsMs)]);
    if (!end || end.exitCode !== 127) return undefined;
    if (end.stderrTail.includes(absentMark)) return new PlaceFault('host', `This snvg is not installed on ${this.name}`, `Put it there: snvg hosts install ${this.name}`);
    return new PlaceFault('host', `snvg cannot be started on ${this.name} (${end.stderrTail.at(-1) ?? 'a program is missing'})`, `Node may have moved or gone there: snvg hosts install ${this.name} finds it again or says what is missing.`);
  }

  #totalSlots(link: WorkerLink): number {
    const { cores } = this.#options;
    return cores === undefined ? link.welcome.slots : Math.min(link.welcome.slots, 2 * cores);
  }

  #remember(order: WorkOrder): void {
    for (const { sha256, ranges } of order.parts) this.#sent.set(sha256, joined([...(this.#sent.get(sha256) ?? []), ...ranges]));
  }
}

const lastWordsMs = 1_000;
