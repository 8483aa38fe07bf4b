import type { FileHandle } from 'node:fs/promises';
import { bytesAt } from './bytes-at.js';

export const ebmlMagic = Buffer.from([0x1a, 0x45, 0xdf, 0xa3]);
export const segmentId = Buffer.from([0x18, 0x53, 0x80, 0x67]);

/** An EBML size; `value` is undefined when it says "unknown" (all ones), as live recordings do. */
export async function vint(file: FileHandle, at: number): Promise<{ length: number; value: number | undefined } | undefined> {
  const bytes = await bytesAt(file, at, 8);
  const first = bytes[0];
  if (first === undefined || first === 0) return undefined;
  const length = Math.clz32(first) - 23;
  if (bytes.length < length) return undefined;
  const raw = bytes.subarray(0, length).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const value = raw & ((1n << BigInt(7 * length)) - 1n);
  const unknown = value === (1n << BigInt(7 * length)) - 1n;
  return { length, value: unknown ? undefined : Number(value) };
}
