import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ArtifactStore } from '../../artifacts/store.js';
import type { Logger } from '../../logger.js';
import { IncomingArtifacts } from '../../pipeline/backends/wire/incoming.js';
import { openLink } from '../../pipeline/backends/wire/open-link.js';
import type { ByteSupply, WorkerLink } from '../../pipeline/backends/wire/worker-link.js';
import { startPiped } from '../../process/piped.js';

/** The program itself: this file lies three levels below the package, in src/app/queue or dist/app/queue. */
const program = fileURLToPath(new URL('../../../bin/snvg.js', import.meta.url));

const firstPauseMs = 500;
const longestPauseMs = 30_000;

export interface AgentKeeperOptions {
  /** Half cores it gives. */
  slots: number;
  tags: readonly string[];
  /** Where it keeps parts of films; absent: in snvg's cache. */
  cacheDir: string | undefined;
  version: string;
  /** Where what it makes goes. */
  store: ArtifactStore;
  supply: ByteSupply;
  /** A private folder for what is half received. */
  incomingDir: string;
  /** Settings of the agent, as flags. */
  flags: readonly string[];
  /** Its working directory. */
  cwd: string;
  log: Logger;
}

/** Keeps one agent of this machine running: what works is a process of its own, so that nothing it does keeps locks from being renewed. */
export class AgentKeeper {
  readonly #options: AgentKeeperOptions;
  readonly #incoming: IncomingArtifacts;
  #link: WorkerLink | undefined;
  #closing = false;
  #lostMs: number | undefined;

  constructor(options: AgentKeeperOptions) {
    this.#options = options;
    this.#incoming = new IncomingArtifacts(options.incomingDir, options.store);
  }

  /** Undefined while it is being started anew. */
  get link(): WorkerLink | undefined {
    return this.#link;
  }

  /** For how long there has been none. */
  get lostMs(): number {
    return this.#lostMs === undefined ? 0 : performance.now() - this.#lostMs;
  }

  /** Starts it. The first time a failure is thrown; later it is tried again for ever. @throws {PlaceFault} */
  async start(signal: AbortSignal): Promise<WorkerLink> {
    const link = await this.#open(signal);
    void this.#keep(link, signal);
    return link;
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#link?.close();
  }

  async #open(signal: AbortSignal): Promise<WorkerLink> {
    const { slots, tags, cacheDir, version, store, supply, flags, cwd, log } = this.#options;
    const args = ['worker', '--stdio', '--slots', String(slots), ...(tags.length > 0 ? ['--tags', tags.join(',')] : []), ...(cacheDir === undefined ? [] : ['--cache', cacheDir]), ...flags];
    // Its log is ours already: one line each.
    const child = startPiped({ command: process.execPath, args: [program, ...args], cwd, onStderrLine: (line) => void process.stderr.write(`${line}\n`) });
    this.#link = await openLink({ read: child.stdout, write: child.stdin, ended: child.ended, kill: child.kill }, { name: 'the agent', version, store, incoming: this.#incoming, supply, log, signal });
    this.#lostMs = undefined;
    return this.#link;
  }

  async #keep(first: WorkerLink, signal: AbortSignal): Promise<void> {
    for (let link = first; ; ) {
      const fault = await link.lost;
      this.#link = undefined;
      if (this.#closing || signal.aborted) return;
      this.#lostMs = performance.now();
      this.#options.log.error({ error: fault.message }, 'the agent was lost: it is started anew');
      const next = await this.#again(signal);
      if (!next) return;
      link = next;
    }
  }

  async #again(signal: AbortSignal): Promise<WorkerLink | undefined> {
    for (let pauseMs = firstPauseMs; !this.#closing && !signal.aborted; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
      await sleep(pauseMs, undefined, { ref: false });
      try {
        return await this.#open(signal);
      } catch (error) {
        this.#options.log.error({ error: (error as Error).message }, 'the agent could not be started');
      }
    }
    return undefined;
  }
}
