import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultChunkBytes, maxChunkBytes, minChunkBytes, nextChunk, planChunks, receivedBytes } from '../../src/publishers/tiktok/chunks.js';

const sizes = fc.oneof(fc.integer({ min: 1, max: 200_000_000 }), fc.integer({ min: 1, max: 4 * 2 ** 30 }), fc.constantFrom(1, 4_999_999, 5_000_000, minChunkBytes, minChunkBytes + 1, maxChunkBytes, maxChunkBytes + 1, 2 * maxChunkBytes - 1, 4 * 2 ** 30));
const wanted = fc.integer({ min: minChunkBytes, max: maxChunkBytes });

test('a plan keeps to every rule of the transfer guide, in both readings of MB', () => {
  fc.assert(
    fc.property(sizes, wanted, (sizeBytes, wantedBytes) => {
      const { chunkBytes, totalChunks } = planChunks(sizeBytes, wantedBytes);
      expect(totalChunks).toBe(Math.floor(sizeBytes / chunkBytes));
      expect(totalChunks).toBeGreaterThanOrEqual(1);
      expect(totalChunks).toBeLessThanOrEqual(1000);
      const last = sizeBytes - (totalChunks - 1) * chunkBytes;
      expect(last).toBeLessThanOrEqual(128_000_000);
      if (sizeBytes < 5_000_000) expect(chunkBytes).toBe(sizeBytes);
      if (sizeBytes >= 5 * 2 ** 20) expect(chunkBytes).toBeGreaterThanOrEqual(5 * 2 ** 20);
      expect(chunkBytes).toBeLessThanOrEqual(64_000_000);
      if (sizeBytes > 128_000_000) expect(totalChunks).toBeGreaterThan(1);
    }),
    { numRuns: 2000 },
  );
});

test('the chunks of a plan cover the file once, in order, and the last alone is the last', () => {
  fc.assert(
    fc.property(sizes, wanted, (sizeBytes, wantedBytes) => {
      const plan = planChunks(sizeBytes, wantedBytes);
      let sent = 0;
      let count = 0;
      for (let chunk = nextChunk(plan, sent); chunk; chunk = nextChunk(plan, sent)) {
        if (chunk.startByte !== sent || chunk.endByte <= sent || chunk.last !== (chunk.endByte === sizeBytes)) throw new Error(`chunk ${count} of ${JSON.stringify(plan)}: ${JSON.stringify(chunk)}`);
        sent = chunk.endByte;
        count += 1;
      }
      expect([sent, count]).toEqual([sizeBytes, plan.totalChunks]);
    }),
    { numRuns: 300 },
  );
});

test('a count and the position of a last byte are told apart at the ends of chunks', () => {
  fc.assert(
    fc.property(sizes, wanted, fc.nat(1000), (sizeBytes, wantedBytes, pick) => {
      const plan = planChunks(sizeBytes, wantedBytes);
      const end = pick % plan.totalChunks === plan.totalChunks - 1 ? sizeBytes : ((pick % plan.totalChunks) + 1) * plan.chunkBytes;
      expect(receivedBytes(plan, end)).toBe(end);
      expect(receivedBytes(plan, end - 1)).toBe(end);
      expect(receivedBytes(plan, 0)).toBe(plan.sizeBytes === 1 ? 1 : 0);
    }),
  );
});

test('going on within a chunk goes on to its planned end', () => {
  const plan = planChunks(50_000_123, 10_000_000);
  expect(plan).toEqual({ sizeBytes: 50_000_123, chunkBytes: 10_000_000, totalChunks: 5 });
  expect(nextChunk(plan, 12_345_678)).toEqual({ startByte: 12_345_678, endByte: 20_000_000, last: false });
  expect(nextChunk(plan, 50_000_100)).toEqual({ startByte: 50_000_100, endByte: 50_000_123, last: true });
  expect(planChunks(4_194_304, defaultChunkBytes)).toEqual({ sizeBytes: 4_194_304, chunkBytes: 4_194_304, totalChunks: 1 });
});
