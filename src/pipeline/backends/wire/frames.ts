/**
 * A frame: header length and body length as unsigned 32-bit integers, big-endian, then the header (JSON in UTF-8), then the body (any bytes).
 */
export interface Frame {
  header: unknown;
  body: Uint8Array;
}

/** What one frame may hold. An order with a long list of byte ranges is the largest header; no body is larger than a piece of a file. */
export const frameLimits = { headerBytes: 8 * 2 ** 20, bodyBytes: 2 ** 20 } as const;

const lengthsBytes = 8;

/** What came is no frame: nothing after it can be understood. */
export class FrameFault extends Error {
  override readonly name = 'FrameFault';
}

/** @throws {FrameFault} when it is larger than `frameLimits` */
export function encodeFrame(header: unknown, body: Uint8Array = new Uint8Array()): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  if (text.byteLength > frameLimits.headerBytes || body.byteLength > frameLimits.bodyBytes) throw new FrameFault(`a frame of ${text.byteLength} and ${body.byteLength} bytes is too large to be sent`);
  const frame = Buffer.allocUnsafe(lengthsBytes + text.byteLength + body.byteLength);
  frame.writeUInt32BE(text.byteLength, 0);
  frame.writeUInt32BE(body.byteLength, 4);
  text.copy(frame, lengthsBytes);
  frame.set(body, lengthsBytes + text.byteLength);
  return frame;
}

/** Takes frames out of a stream's chunks, wherever these were cut. */
export class FrameReader {
  readonly #chunks: Buffer[] = [];
  #heldBytes = 0;

  /** Bytes of a frame that has not come whole. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** @throws {FrameFault} lengths over `frameLimits`, or a header that is not JSON */
  *push(chunk: Uint8Array): Generator<Frame, void, undefined> {
    this.#chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.#heldBytes += chunk.byteLength;
    for (;;) {
      const lengths = this.#peek(lengthsBytes);
      if (!lengths) return;
      const headerBytes = lengths.readUInt32BE(0);
      const bodyBytes = lengths.readUInt32BE(4);
      if (headerBytes === 0 || headerBytes > frameLimits.headerBytes || bodyBytes > frameLimits.bodyBytes) throw new FrameFault(`${headerBytes} and ${bodyBytes} bytes are no lengths of a frame`);
      const frame = this.#peek(lengthsBytes + headerBytes + bodyBytes);
      if (!frame) return;
      this.#drop(frame.byteLength);
      yield { header: parseHeader(frame.subarray(lengthsBytes, lengthsBytes + headerBytes)), body: frame.subarray(lengthsBytes + headerBytes) };
    }
  }

  /** The first bytes in one piece, copied only when they lie in several chunks; undefined until all of them are here. */
  #peek(bytes: number): Buffer | undefined {
    if (this.#heldBytes < bytes) return undefined;
    const first = this.#chunks[0];
    if (first && first.byteLength >= bytes) return first.subarray(0, bytes);
    let found = 0;
    let count = 0;
    while (found < bytes) found += this.#chunks[count++]?.byteLength ?? 0;
    const whole = Buffer.concat(this.#chunks.splice(0, count));
    this.#chunks.unshift(whole);
    return whole.subarray(0, bytes);
  }

  #drop(bytes: number): void {
    const first = this.#chunks.shift();
    // `#peek` has put all of the frame into the first chunk.
    if (first && first.byteLength > bytes) this.#chunks.unshift(first.subarray(bytes));
    this.#heldBytes -= bytes;
  }
}

function parseHeader(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch (error) {
    throw new FrameFault('a frame’s header is not JSON', { cause: error });
  }
}
