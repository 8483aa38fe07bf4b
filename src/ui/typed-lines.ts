import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';

/** Lines a person types, or that a pipe brings; questions are written where results are not. */
export class TypedLines {
  readonly #input: NodeJS.ReadStream;
  readonly #output: NodeJS.WriteStream;
  #reader: Interface | undefined;
  readonly #waiting: { resolve(line: string): void; reject(reason: unknown): void }[] = [];
  readonly #early: string[] = [];
  #ended = false;
  #hidden = false;

  constructor(input: NodeJS.ReadStream, output: NodeJS.WriteStream) {
    this.#input = input;
    this.#output = output;
  }

  /** A person is there to be asked. */
  get isPerson(): boolean {
    return this.#input.isTTY === true;
  }

  /** The next line; empty at the end of the input. `hidden`: what is typed is not shown. @throws the signal's reason */
  async next(question: string, signal: AbortSignal, hidden = false): Promise<string> {
    signal.throwIfAborted();
    this.#open();
    this.#output.write(question);
    const early = this.#early.shift();
    if (early !== undefined || this.#ended) return early ?? '';
    this.#hidden = hidden;
    let abort: (() => void) | undefined;
    try {
      return await new Promise<string>((resolve, reject) => {
        abort = () => reject(signal.reason as Error);
        signal.addEventListener('abort', abort, { once: true });
        this.#waiting.push({ resolve, reject });
      });
    } finally {
      if (abort) signal.removeEventListener('abort', abort);
      if (this.#hidden) this.#output.write('\n');
      this.#hidden = false;
    }
  }

  /** Lets the process end. */
  close(): void {
    this.#reader?.close();
    this.#input.unref?.();
  }

  #open(): void {
    if (this.#reader) return;
    // What is typed is shown by readline itself, which is kept from it while it is a secret.
    const shown = new Writable({ write: (chunk: Buffer, _encoding, done) => (this.#hidden ? done() : void this.#output.write(chunk, done)) });
    this.#reader = createInterface({ input: this.#input, ...(this.isPerson ? { output: shown } : {}), terminal: this.isPerson });
    this.#reader.on('line', (line) => {
      const next = this.#waiting.shift();
      if (next) next.resolve(line);
      else this.#early.push(line);
    });
    this.#reader.on('close', () => {
      this.#ended = true;
      for (const { resolve } of this.#waiting.splice(0)) resolve('');
    });
    // In raw mode Ctrl-C is a key: it must still be the signal.
    this.#reader.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  }
}
