import { open } from 'node:fs/promises';
import type { ByteRange } from '../../../artifacts/byte-range.js';
import type { Range } from '../../../artifacts/schemas/common.js';

/** Samples a second of everything the recogniser hears. */
export const sampleRate = 16_000;

function samplesOf(us: number): number {
  return Math.round((us * sampleRate) / 1e6);
}

export function usOf(samples: number): number {
  return Math.round((samples * 1e6) / sampleRate);
}

/** Where a stretch of sound lies in a headerless s16le mono file, which may end before. */
export function bytesOfSamples(range: Range): ByteRange {
  return { startByte: samplesOf(range.startUs) * 2, endByte: samplesOf(range.endUs) * 2 };
}

/** Part of a headerless s16le mono file as floats in −1…1; shorter than asked where the file ends. */
export async function readSamples(path: string, range: Range): Promise<Float32Array> {
  const { startByte, endByte } = bytesOfSamples(range);
  const file = await open(path, 'r');
  try {
    const bytes = Buffer.alloc(endByte - startByte);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, startByte);
    return toFloats(bytes.subarray(0, bytesRead - (bytesRead % 2)));
  } finally {
    await file.close();
  }
}

/** The whole file in blocks of `blockSamples`; the last may be shorter. */
export async function* readBlocks(path: string, blockSamples: number): AsyncGenerator<Float32Array> {
  const file = await open(path, 'r');
  try {
    const bytes = Buffer.alloc(blockSamples * 2);
    for (;;) {
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await file.read(bytes, filled, bytes.length - filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      if (filled >= 2) yield toFloats(bytes.subarray(0, filled - (filled % 2)));
      if (filled < bytes.length) return;
    }
  } finally {
    await file.close();
  }
}

function toFloats(bytes: Buffer): Float32Array {
  const floats = new Float32Array(bytes.length / 2);
  for (let i = 0; i < floats.length; i++) floats[i] = bytes.readInt16LE(i * 2) / 32_768;
  return floats;
}
