import type { Writable } from 'node:stream';
import { encodeFrame } from './frames.js';

/** A frame is handed to the stream in pieces of this size, so that a slow line shows progress. */
const writtenAtOnceBytes = 32 * 1024;

interface Bulk {
  frame: Buffer;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Writes frames one after the other. Small messages go first; frames with bytes of files wait for their turn, one of each sender at a
 * time, so that transfers share the line, and for what was written before them, so that memory stays small.
 */
export class FrameWriter {
  readonly #stream: Writable;
  readonly #small: Buffer[] = [];
  readonly #bulk: Bulk[] = [];
  readonly #idle: (() => void)[] = [];
  /** Being written. */
  #current: Bulk | undefined;
  #writing = false;
  #ended: { error: unknown } | undefined;
  /** On the monotonic clock: when the line last took something, while it has something to take. */
  #movedMs = performance.now();

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('error', (error) => this.end(error));
  }

  /** How long the line has taken nothing although there is something to send. */
  stalledMs(): number {
    return this.#writing && !this.#ended ? performance.now() - this.#movedMs : 0;
  }

  /** Queues a message; one after the end is lost. @throws {FrameFault} it is too large */
  send(message: unknown): void {
    const frame = encodeFrame(message);
    if (this.#ended) return;
    this.#small.push(frame);
    void this.#write();
  }

  /**
   * Sends bytes in their turn; resolves when the line has taken them.
   * @throws what `end` was called with
   */
  sendBytes(message: unknown, body: Uint8Array): Promise<void> {
    const frame = encodeFrame(message, body);
    return new Promise((resolve, reject) => {
      if (this.#ended) {
        reject(this.#ended.error as Error);
        return;
      }
      this.#bulk.push({ frame, resolve, reject });
      void this.#write();
    });
  }

  /** Resolves when everything has been written, or never will be. */
  flushed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#writing && !this.#ended) this.#idle.push(resolve);
      else resolve();
    });
  }

  /** Nothing more is written; those who wait are refused with the error. */
  end(error: unknown): void {
    if (this.#ended) return;
    this.#ended = { error };
    this.#small.length = 0;
    // The line may never take what it was given.
    this.#current?.reject(error);
    for (const { reject } of this.#bulk.splice(0)) reject(error);
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #write(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    this.#movedMs = performance.now();
    try {
      while (!this.#ended) {
        const small = this.#small.shift();
        this.#current = small ? undefined : this.#bulk.shift();
        const frame = small ?? this.#current?.frame;
        if (!frame) return;
        await this.#writeFrame(frame);
        this.#current?.resolve();
      }
    } catch (error) {
      this.end(error);
    } finally {
      this.#writing = false;
      for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  async #writeFrame(frame: Buffer): Promise<void> {
    for (let at = 0; at < frame.byteLength; at += writtenAtOnceBytes) {
      await new Promise<void>((resolve, reject) => {
        this.#stream.write(frame.subarray(at, at + writtenAtOnceBytes), (error) => (error ? reject(error) : resolve()));
      });
      this.#movedMs = performance.now();
      if (this.#ended) throw this.#ended.error;
    }
  }
}
