import { createReadStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Readable, Writable } from 'node:stream';
import type { Logger } from '../logger.js';
import { Connection, type ConnectionEnd } from '../pipeline/backends/wire/connection.js';
import { greeting } from '../pipeline/backends/wire/greeting.js';
import { type FromAgent, pieceBytes, toAgent, type ToAgent, wireProtocol } from '../pipeline/backends/wire/messages.js';
import type { Welcome } from '../pipeline/backends/wire/worker-link.js';
import type { WorkOrder } from '../pipeline/work-order.js';
import { Orders } from './orders.js';
import type { RunnerHost } from './runner-host.js';
import type { WorkerCache } from './worker-cache.js';

/** What an agent works with once it has looked at its machine. */
export interface Machine {
  /** What it says of itself; free disk space is added. */
  welcome: Omit<Welcome, 'protocol' | 'version' | 'freeDiskBytes'>;
  cache: WorkerCache;
  runner: RunnerHost;
}

export interface AgentOptions {
  read: Readable;
  write: Writable;
  /** Of snvg. */
  version: string;
  /** Looks at the machine. Called once, when a greeter of the same version is there. */
  machine(): Promise<Machine>;
  log: Logger;
  /** Ends the agent: a signal of the system. */
  signal: AbortSignal;
}

/** Who started it says hello within this, or is not there any more. */
const helloMs = 60_000;
/** What is still to be said at the end may take so long. */
const lastWordsMs = 300;

type Ending = Extract<FromAgent, { type: 'ending' }>;

/**
 * Talks with whoever is at the other end until it says goodbye, is gone or is silent; then nothing is left of what was started for it.
 * It only listens, copies and hashes: the tasks run in a child of its own, so that it always answers.
 */
export async function serveAgent(options: AgentOptions): Promise<Ending['reason'] | 'gone'> {
  const agent = new Agent(options);
  return agent.serve();
}

class Agent {
  readonly #options: AgentOptions;
  readonly #connection: Connection<ToAgent>;
  #machine: Machine | undefined;
  #orders: Orders | undefined;
  readonly #transfers = new Map<number, AbortController>();
  #greeted = false;
  #ending = false;
  #asked = false;
  #fault: unknown;
  #stop: (() => void) | undefined;

  constructor(options: AgentOptions) {
    this.#options = options;
    options.write.write(greeting);
    this.#connection = new Connection<ToAgent>(options, toAgent);
  }

  async serve(): Promise<Ending['reason'] | 'gone'> {
    const { signal, log } = this.#options;
    const stopped = new Promise<'stopped'>((resolve) => {
      if (signal.aborted) resolve('stopped');
      signal.addEventListener('abort', () => resolve('stopped'), { once: true });
    });
    const done = new Promise<'done'>((resolve) => {
      this.#stop = () => resolve('done');
    });
    this.#connection.watch(helloMs, helloMs, () => {});
    void this.#connection.listen(new Uint8Array(), (message, body) => this.#take(message, body));
    const end = await Promise.race([this.#connection.over, stopped, done]);
    this.#ending = true;
    const ending = this.#endingOf(end);
    log.info({ reason: ending?.reason ?? 'gone' }, 'the agent ends');
    for (const transfer of this.#transfers.values()) transfer.abort();
    const stopping = this.#orders?.stop();
    await this.#machine?.runner.stop();
    // A disk that does not answer must not keep it alive.
    await Promise.race([stopping, sleep(lastWordsMs)]);
    if (ending) {
      this.#connection.writer.send(ending);
      await Promise.race([this.#connection.writer.flushed(), sleep(lastWordsMs)]);
    }
    this.#connection.close();
    return ending?.reason ?? 'gone';
  }

  #endingOf(end: ConnectionEnd | 'stopped' | 'done'): Ending | undefined {
    if (end === 'stopped') return { type: 'ending', reason: 'stopped', message: 'it was told to stop' };
    if (end === 'done') {
      if (this.#asked) return { type: 'ending', reason: 'asked', message: 'as it was told' };
      return { type: 'ending', reason: 'fault', message: this.#fault instanceof Error ? this.#fault.message : String(this.#fault) };
    }
    if (end.type === 'silence') return { type: 'ending', reason: 'silence', message: 'nothing was heard for too long' };
    if (end.type === 'garbled') return { type: 'ending', reason: 'fault', message: `what came could not be understood: ${(end.cause as Error).message}` };
    return undefined;
  }

  #take(message: ToAgent, body: Uint8Array): void | Promise<void> {
    if (message.type === 'hello') {
      void this.#greet(message).catch((error: unknown) => this.#fail(error));
      return;
    }
    if (message.type === 'bye') {
      this.#asked = true;
      this.#stop?.();
      return;
    }
    const { machine, orders } = { machine: this.#machine, orders: this.#orders };
    // Nothing is ordered before the welcome.
    if (!machine || !orders) return;
    switch (message.type) {
      case 'ping':
        return;
      case 'order':
        orders.take(message.id, message.order as WorkOrder);
        return;
      case 'bytes':
        return orders.bytes(message, body);
      case 'sent':
        orders.sent(message.id);
        return;
      case 'cancel':
        orders.cancel(message.id);
        return;
      case 'fetch':
        void this.#sendArtifact(message, machine.cache);
        return;
      case 'stop-fetch':
        this.#transfers.get(message.transfer)?.abort();
        return;
      case 'keep':
        machine.cache.taken(message.key);
        return;
      case 'forget':
        return machine.cache.spoilt(message.key);
    }
  }

  async #greet(hello: Extract<ToAgent, { type: 'hello' }>): Promise<void> {
    const { version, log } = this.#options;
    if (this.#greeted) return;
    this.#greeted = true;
    if (hello.protocol !== wireProtocol || hello.version !== version) {
      this.#send({ type: 'refusal', protocol: wireProtocol, version, message: `this is snvg ${version}` });
      this.#asked = true;
      this.#stop?.();
      return;
    }
    this.#connection.watch(hello.pingEveryMs, hello.silenceMs, () => void this.#beat());
    const machine = await this.#options.machine();
    const freeDiskBytes = await machine.cache.freeDiskBytes();
    if (this.#ending) return;
    this.#orders = new Orders({ cache: machine.cache, runner: machine.runner, send: (message) => this.#send(message), log });
    this.#machine = machine;
    this.#send({ type: 'welcome', protocol: wireProtocol, version, ...machine.welcome, missing: [...machine.welcome.missing], tags: [...machine.welcome.tags], identities: { ...machine.welcome.identities }, freeDiskBytes });
    machine.runner.warm();
    // Not awaited: nothing waits for it.
    void machine.cache.collect().catch((error: unknown) => log.warn({ error: String(error) }, 'the cache could not be cleared'));
  }

  /** Says that it lives, and what is free. */
  async #beat(): Promise<void> {
    this.#machine?.runner.look();
    const freeDiskBytes = await this.#machine?.cache.freeDiskBytes().catch(() => 0);
    this.#send({ type: 'load', freeSlots: this.#machine?.runner.freeSlots ?? 0, freeDiskBytes: freeDiskBytes ?? 0 });
  }

  async #sendArtifact({ transfer, hash, startByte }: Extract<ToAgent, { type: 'fetch' }>, cache: WorkerCache): Promise<void> {
    const stop = new AbortController();
    this.#transfers.set(transfer, stop);
    try {
      let at = startByte;
      for await (const chunk of createReadStream(await cache.store.materialize(hash), { start: startByte, highWaterMark: pieceBytes, signal: stop.signal })) {
        const bytes = chunk as Buffer;
        await this.#connection.writer.sendBytes({ type: 'artifact', transfer, startByte: at } satisfies FromAgent, bytes);
        at += bytes.byteLength;
      }
      this.#send({ type: 'artifact-end', transfer });
    } catch (error) {
      if (!stop.signal.aborted) this.#send({ type: 'artifact-end', transfer, problem: error instanceof Error ? error.message : String(error) });
    } finally {
      this.#transfers.delete(transfer);
    }
  }

  #send(message: FromAgent): void {
    this.#connection.writer.send(message);
  }

  #fail(error: unknown): void {
    this.#fault = error;
    this.#stop?.();
  }
}
