import { PassThrough, Writable } from 'node:stream';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, type Frame, FrameFault, frameLimits, FrameReader } from '../../src/pipeline/backends/wire/frames.js';
import { FrameWriter } from '../../src/pipeline/backends/wire/frame-writer.js';
import { greeting, GreetingFinder } from '../../src/pipeline/backends/wire/greeting.js';

const frames = fc.array(fc.record({ header: fc.dictionary(fc.string(), fc.jsonValue().filter((value) => !Object.is(value, -0))), body: fc.uint8Array({ maxLength: 3000 }) }), { maxLength: 8 });

/** The bytes in pieces of the given lengths, repeated as needed. */
function* cut(bytes: Uint8Array, lengths: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.byteLength; i += 1) {
    const length = lengths[i % lengths.length] ?? 1;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

function read(reader: FrameReader, pieces: Iterable<Uint8Array>): Frame[] {
  return [...pieces].flatMap((piece) => [...reader.push(piece)].map(({ header, body }) => ({ header, body: Uint8Array.from(body) })));
}

describe('frames', () => {
  it('come out as they went in, wherever the stream is cut', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 }), (sent, lengths) => {
        const bytes = Buffer.concat(sent.map(({ header, body }) => encodeFrame(header, body)));
        const reader = new FrameReader();
        const received = read(reader, cut(bytes, lengths));
        expect(received).toEqual(sent.map(({ header, body }) => ({ header: JSON.parse(JSON.stringify(header)), body })));
        expect(reader.heldBytes).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('are not taken for whole while a byte is missing', () => {
    const frame = encodeFrame({ type: 'ping' }, new Uint8Array(100));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: frame.byteLength - 1 }), (length) => {
        const reader = new FrameReader();
        expect(read(reader, [frame.subarray(0, length)])).toEqual([]);
        expect(reader.heldBytes).toBe(length);
      }),
    );
  });

  it('of any other bytes are refused or waited for, and never cost more memory than one frame', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 4000 }), (bytes) => {
        const reader = new FrameReader();
        try {
          read(reader, [bytes]);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameFault);
        }
        expect(reader.heldBytes).toBeLessThanOrEqual(frameLimits.headerBytes + frameLimits.bodyBytes + 8);
      }),
      { numRuns: 300 },
    );
  });

  it('over the limits are refused at either end', () => {
    expect(() => encodeFrame({}, new Uint8Array(frameLimits.bodyBytes + 1))).toThrow(FrameFault);
    const lengths = Buffer.alloc(8);
    lengths.writeUInt32BE(2, 0);
    lengths.writeUInt32BE(frameLimits.bodyBytes + 1, 4);
    expect(() => read(new FrameReader(), [lengths])).toThrow(FrameFault);
  });
});

describe('the greeting', () => {
  it('is found after any talk, wherever the stream is cut, and nothing after it is lost', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 50 }), fc.integer({ min: 1, max: 40 }), (talk, after, length) => {
        fc.pre(!Buffer.from(talk).includes(greeting));
        const finder = new GreetingFinder();
        const rest: Uint8Array[] = [];
        let found = false;
        for (const piece of cut(Buffer.concat([talk, greeting, after]), [length])) {
          const begun = found ? piece : finder.push(piece);
          if (begun) {
            found = true;
            rest.push(begun);
          }
        }
        expect(found).toBe(true);
        expect(Buffer.concat(rest)).toEqual(Buffer.from(after));
      }),
    );
  });

  it('is no longer looked for when somebody else talks and talks', () => {
    const finder = new GreetingFinder();
    for (let i = 0; i < 100 && !finder.gaveUp; i += 1) expect(finder.push(Buffer.from('no such command\n'.repeat(400)))).toBeUndefined();
    expect(finder.gaveUp).toBe(true);
    expect(finder.talk).toMatch(/^[\w ]*no such command$/);
  });
});

describe('writing', () => {
  it('lets small messages pass and shares the line between transfers', async () => {
    const line = new PassThrough({ highWaterMark: 1024 });
    const writer = new FrameWriter(line);
    const transfer = async (name: string): Promise<void> => {
      for (let i = 0; i < 4; i += 1) await writer.sendBytes({ name, i }, new Uint8Array(50_000));
    };
    const sent = Promise.all([transfer('a'), transfer('b'), transfer('c')]);
    const reader = new FrameReader();
    const order: string[] = [];
    writer.send({ name: 'small' });
    for await (const chunk of line) {
      for (const { header } of reader.push(chunk as Buffer)) order.push((header as { name: string }).name);
      if (order.length === 13) break;
    }
    await sent;
    expect(order[0]).toBe('a');
    expect(order[1]).toBe('small');
    for (let i = 0; i < 4; i += 1) expect(order.filter((name) => name !== 'small').slice(3 * i, 3 * i + 3).toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('refuses those who wait when the line never takes anything', async () => {
    const writer = new FrameWriter(new Writable({ write: () => {} }));
    const waiting = [writer.sendBytes({}, new Uint8Array(10)), writer.sendBytes({}, new Uint8Array(10))];
    writer.end(new Error('the line is dead'));
    for (const one of waiting) await expect(one).rejects.toThrow('the line is dead');
    await expect(writer.sendBytes({}, new Uint8Array(10))).rejects.toThrow('the line is dead');
    await writer.flushed();
  });
});
