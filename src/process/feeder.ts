import type { Writable } from 'node:stream';

/** Resolves when there is room for more. */
export type Write = (chunk: Uint8Array) => Promise<void>;

/** The child has closed its stdin: an end that it explains itself, by its exit code and what it said. */
class InputClosed extends Error {
  override readonly name = 'InputClosed';
}

/** Writes a child's stdin from a producer, at the pace the child reads. */
export class Feeder {
  /** The producer is at work, not waiting for the child: a silence of the child meanwhile is not its own. */
  producing = true;
  /** What the producer threw; the child was ended for it. */
  refusal: { error: unknown } | undefined;
  /** Never rejects. */
  readonly settled: Promise<void>;
  readonly #stdin: Writable;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(stdin: Writable, produce: (write: Write) => Promise<void>, stop: () => void) {
    this.#stdin = stdin;
    const close = (): void => {
      this.#closed = true;
      this.#wake?.();
    };
    stdin.on('error', close).on('close', close).on('drain', () => this.#wake?.());
    this.settled = this.#run(produce, stop);
  }

  async #run(produce: (write: Write) => Promise<void>, stop: () => void): Promise<void> {
    try {
      await produce((chunk) => this.#write(chunk));
    } catch (error) {
      if (!(error instanceof InputClosed)) {
        this.refusal = { error };
        stop();
      }
    } finally {
      this.producing = false;
      this.#stdin.end();
    }
  }

  async #write(chunk: Uint8Array): Promise<void> {
    this.producing = false;
    try {
      if (!this.#closed && !this.#stdin.write(chunk)) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      if (this.#closed) throw new InputClosed('the child no longer reads');
    } finally {
      this.producing = true;
    }
  }
}
