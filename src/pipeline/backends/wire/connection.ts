import type { Readable, Writable } from 'node:stream';
import type { ZodType } from 'zod';
import { FrameFault, FrameReader } from './frames.js';
import { FrameWriter } from './frame-writer.js';

/** Why a connection is over. */
export type ConnectionEnd =
  /** The other end closed it, or the line broke. */
  | { type: 'closed'; cause?: unknown }
  /** Nothing was heard, or nothing taken, for too long. */
  | { type: 'silence' }
  /** What came is not what was agreed. */
  | { type: 'garbled'; cause: unknown }
  /** This end closed it. */
  | { type: 'here' };

/** One end of a framed conversation: reads checked messages one after the other, writes its own, and notices silence. */
export class Connection<In> {
  /** Resolves once, when nothing more will be read. */
  readonly over: Promise<ConnectionEnd>;
  readonly writer: FrameWriter;
  readonly #schema: ZodType<In>;
  readonly #read: Readable;
  #heardMs = performance.now();
  #end!: (end: ConnectionEnd) => void;
  #ended = false;
  #watch: NodeJS.Timeout | undefined;

  constructor(streams: { read: Readable; write: Writable }, schema: ZodType<In>) {
    this.#schema = schema;
    this.#read = streams.read;
    this.writer = new FrameWriter(streams.write);
    this.over = new Promise((resolve) => {
      this.#end = (end) => {
        if (this.#ended) return;
        this.#ended = true;
        clearInterval(this.#watch);
        resolve(end);
      };
    });
    streams.write.on('error', (cause) => this.#end({ type: 'closed', cause }));
  }

  /** Calls `everyMs` regularly, and ends when nothing is heard or taken for `silenceMs`, on the monotonic clock. */
  watch(everyMs: number, silenceMs: number, beat: () => void): void {
    clearInterval(this.#watch);
    if (this.#ended) return;
    let beatenMs = performance.now();
    let lookedMs = beatenMs;
    const tick = Math.max(5, Math.min(everyMs, silenceMs / 4));
    this.#watch = setInterval(() => {
      const now = performance.now();
      // This end was kept busy, or stopped: what was said meanwhile lies unread, and is read before it is judged.
      if (now - lookedMs > tick + silenceMs / 4) this.#heardMs = Math.max(this.#heardMs, now - silenceMs / 2);
      lookedMs = now;
      if (now - this.#heardMs > silenceMs || this.writer.stalledMs() > silenceMs) this.#end({ type: 'silence' });
      else if (now - beatenMs >= everyMs - tick / 2) {
        beatenMs = now;
        beat();
      }
    }, tick);
  }

  /**
   * Reads until the end. A handler that returns a promise holds back what comes after; what it throws ends the connection as garbled.
   * @param first bytes that came before
   */
  async listen(first: Uint8Array, onMessage: (message: In, body: Uint8Array) => void | Promise<void>): Promise<void> {
    const reader = new FrameReader();
    const take = async (chunk: Uint8Array): Promise<void> => {
      this.#heardMs = performance.now();
      for (const { header, body } of reader.push(chunk)) {
        if (this.#ended) return;
        const parsed = this.#schema.safeParse(header);
        if (!parsed.success) throw new FrameFault('a message is not one of those agreed', { cause: parsed.error });
        const handled = onMessage(parsed.data, body);
        if (handled) await handled;
        this.#heardMs = performance.now();
      }
    };
    try {
      await take(first);
      for await (const chunk of this.#read) {
        if (this.#ended) return;
        await take(chunk as Uint8Array);
      }
      this.#end(reader.heldBytes > 0 ? { type: 'closed', cause: new FrameFault('the last frame is not whole') } : { type: 'closed' });
    } catch (cause) {
      this.#end(cause instanceof FrameFault ? { type: 'garbled', cause } : { type: 'closed', cause });
    }
  }

  /** Stops reading and watching. What was written before is still sent. */
  close(): void {
    this.#end({ type: 'here' });
  }
}
