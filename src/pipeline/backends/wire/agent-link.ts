import { createHash } from 'node:crypto';
import { type FilePart, without } from '../../../artifacts/byte-range.js';
import type { ArtifactRef } from '../../../artifacts/kinds.js';
import type { TaskResult } from '../../../artifacts/task-results.js';
import type { WorkOrder } from '../../work-order.js';
import { PlaceFault } from '../place.js';
import type { RunListener } from '../shared-run.js';
import type { Connection } from './connection.js';
import { errorOf } from './link-fault.js';
import { type AgentMessage, type FromAgent, pieceBytes, type ToAgent } from './messages.js';
import { endOf, faultOf } from './link-end.js';
import type { LinkOptions } from './open-link.js';
import type { LinkStreams, Welcome, WorkerLink } from './worker-link.js';

/** An order that was sent and has not ended. */
interface Open {
  order: WorkOrder;
  listener: RunListener;
  /** Ends what is being sent for it. */
  stop: AbortController;
  finished(message: AgentMessage<'finished'>): void;
  failed(error: unknown): void;
}

/** An artifact that is being fetched. */
interface Transfer {
  atByte: number;
  sizeBytes: number;
  take(bytes: Uint8Array): Promise<void>;
  done(): void;
  failed(error: unknown): void;
}

/** The greeter's end of a connection with an agent. */
export class AgentLink implements WorkerLink {
  readonly welcome: Welcome;
  readonly lost: Promise<PlaceFault>;
  readonly traffic = { sentBytes: 0, receivedBytes: 0 };
  readonly load: { freeSlots: number; freeDiskBytes: number };
  readonly #streams: LinkStreams;
  readonly #connection: Connection<FromAgent>;
  readonly #options: LinkOptions;
  readonly #open = new Map<number, Open>();
  readonly #transfers = new Map<number, Transfer>();
  #nextId = 1;
  #fault: PlaceFault | undefined;
  #farewell: AgentMessage<'ending'> | undefined;
  #quiet: (() => void)[] = [];

  constructor(streams: LinkStreams, connection: Connection<FromAgent>, welcome: Welcome, options: LinkOptions) {
    this.#streams = streams;
    this.#connection = connection;
    this.#options = options;
    this.welcome = welcome;
    this.load = { freeSlots: welcome.slots, freeDiskBytes: welcome.freeDiskBytes };
    this.lost = connection.over.then(async (end) => {
      if (end.type === 'closed') await endOf(streams);
      else streams.kill();
      const fault = await faultOf(end, options.name, streams, this.#farewell);
      this.#loseAll(fault);
      return fault;
    });
  }

  async run(order: WorkOrder, { signal, listener }: { signal: AbortSignal; listener: RunListener }): Promise<TaskResult> {
    signal.throwIfAborted();
    if (this.#fault) throw this.#fault;
    const id = this.#nextId++;
    const stop = new AbortController();
    const cancel = (): void => {
      stop.abort(signal.reason);
      this.#send({ type: 'cancel', id });
    };
    try {
      const { result, artifacts } = await new Promise<AgentMessage<'finished'>>((finished, failed) => {
        this.#open.set(id, { order, listener, stop, finished, failed });
        // What runs there is stopped first: whoever aborted finds nothing of it alive when this settles.
        signal.addEventListener('abort', cancel, { once: true });
        this.#send({ type: 'order', id, order: order as Extract<ToAgent, { type: 'order' }>['order'] });
      });
      await this.#bring(artifacts, order.task.key, signal);
      signal.throwIfAborted();
      this.#send({ type: 'keep', key: order.task.key });
      return result;
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', cancel);
      stop.abort(new Error('the order has ended'));
      this.#open.delete(id);
      if (this.#open.size === 0) for (const tell of this.#quiet.splice(0)) tell();
    }
  }

  async close(drainMs = 0): Promise<void> {
    if (drainMs > 0 && this.#open.size > 0 && !this.#fault) {
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([new Promise<void>((resolve) => this.#quiet.push(resolve)), new Promise<void>((resolve) => (timer = setTimeout(resolve, drainMs)))]);
      clearTimeout(timer);
    }
    this.#send({ type: 'bye' });
    // It ends by itself, and what it started with it; one that does not is ended here, and there by its dead-man.
    const timer = setTimeout(() => this.#streams.kill(), goodbyeMs);
    await this.#streams.ended;
    clearTimeout(timer);
    this.#connection.close();
    await this.lost;
  }

  /** One message of the agent's. */
  take(message: FromAgent, body: Uint8Array): void | Promise<void> {
    switch (message.type) {
      case 'load':
        this.load.freeSlots = message.freeSlots;
        this.load.freeDiskBytes = message.freeDiskBytes;
        return;
      case 'ending':
        this.#farewell = message;
        return;
      case 'artifact':
        return this.#takeBytes(message, body);
      case 'artifact-end':
        this.#endTransfer(message);
        return;
      case 'welcome':
      case 'refusal':
        return;
      default:
        this.#takeWord(message);
    }
  }

  #takeWord(message: AgentMessage<'misses' | 'started' | 'progress' | 'notice' | 'finished' | 'failed'>): void {
    const open = this.#open.get(message.id);
    // What was cancelled may still have had something to say.
    if (!open) return;
    switch (message.type) {
      case 'misses':
        void this.#supply(message.id, message.parts, open);
        return;
      case 'started':
        open.listener({ type: 'started', host: this.#options.name });
        return;
      case 'progress':
        open.listener({ type: 'progress', fraction: message.fraction });
        return;
      case 'notice':
        open.listener({ type: 'notice', notice: message.notice });
        return;
      case 'finished':
        open.finished(message);
        return;
      case 'failed':
        open.failed(errorOf(message, this.#options.name));
    }
  }

  /** Sends what the agent lacks of an order's inputs. */
  async #supply(id: number, parts: readonly FilePart[], open: Open): Promise<void> {
    const { signal } = open.stop;
    try {
      for (const { sha256, sizeBytes, ranges } of parts) {
        const asked = open.order.parts.find((part) => part.sha256 === sha256);
        if (!asked || without(ranges, asked.ranges).length > 0) throw new PlaceFault('host', `${this.#options.name} asked for bytes that its order does not name`, 'Put the same version there: snvg hosts install.');
        for (const range of ranges) {
          let startByte = range.startByte;
          for await (const bytes of this.#options.supply.read(sha256, range, signal)) {
            for (let at = 0; at < bytes.byteLength; at += pieceBytes) {
              const piece = bytes.subarray(at, at + pieceBytes);
              signal.throwIfAborted();
              await this.#connection.writer.sendBytes({ type: 'bytes', sha256, sizeBytes, startByte, digest: sha256Of(piece) }, piece);
              this.traffic.sentBytes += piece.byteLength;
              startByte += piece.byteLength;
            }
          }
        }
      }
      this.#send({ type: 'sent', id });
    } catch (error) {
      if (signal.aborted || this.#fault) return;
      // Here is the fault: nobody there can do anything about a source that is gone.
      this.#send({ type: 'cancel', id });
      open.failed(error);
    }
  }

  async #bring(artifacts: readonly ArtifactRef[], key: string, signal: AbortSignal): Promise<void> {
    for (const ref of artifacts) {
      const receive = (): Promise<boolean> => this.#options.incoming.receive(ref, (startByte, take) => this.#fetch(ref, startByte, take, signal));
      // Bytes that are not the artifact's are asked for once more: they may have been spoilt on the way, or lie spoilt there.
      if ((await receive()) || (await receive())) continue;
      this.#send({ type: 'forget', key });
      throw new PlaceFault('host', `${this.#options.name} twice sent bytes that are not what it made`, 'Its disk or memory may be faulty: see snvg hosts test.');
    }
  }

  #fetch({ hash, sizeBytes }: ArtifactRef, startByte: number, take: Transfer['take'], signal: AbortSignal): Promise<void> {
    const transfer = this.#nextId++;
    let stop: (() => void) | undefined;
    return new Promise<void>((resolve, reject) => {
      signal.throwIfAborted();
      if (this.#fault) throw this.#fault;
      this.#transfers.set(transfer, { atByte: startByte, sizeBytes, take, done: resolve, failed: reject });
      stop = () => {
        this.#send({ type: 'stop-fetch', transfer });
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#send({ type: 'fetch', transfer, hash, startByte });
    }).finally(() => {
      this.#transfers.delete(transfer);
      if (stop) signal.removeEventListener('abort', stop);
    });
  }

  async #takeBytes({ transfer: number, startByte }: AgentMessage<'artifact'>, body: Uint8Array): Promise<void> {
    const transfer = this.#transfers.get(number);
    if (!transfer) return;
    this.traffic.receivedBytes += body.byteLength;
    try {
      if (startByte !== transfer.atByte || startByte + body.byteLength > transfer.sizeBytes) throw new PlaceFault('host', `${this.#options.name} sent other bytes than it was asked for`, 'Put the same version there: snvg hosts install.');
      transfer.atByte += body.byteLength;
      await transfer.take(body);
    } catch (error) {
      this.#send({ type: 'stop-fetch', transfer: number });
      transfer.failed(error);
    }
  }

  #endTransfer({ transfer: number, problem }: AgentMessage<'artifact-end'>): void {
    const transfer = this.#transfers.get(number);
    if (problem === undefined) transfer?.done();
    else transfer?.failed(new PlaceFault('host', `${this.#options.name} cannot send what it made: ${problem}`, 'Its disk may be full or faulty: see snvg hosts test.'));
  }

  #send(message: ToAgent): void {
    this.#connection.writer.send(message);
  }

  #loseAll(fault: PlaceFault): void {
    this.#fault = fault;
    this.#connection.writer.end(fault);
    for (const { failed, stop } of this.#open.values()) {
      stop.abort(fault);
      failed(fault);
    }
    for (const { failed } of this.#transfers.values()) failed(fault);
  }
}

/** An agent ends what it started within two seconds. */
const goodbyeMs = 4_000;

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
