import type { Seed } from './corpus.js';
import type { Random } from './random.js';
import { type Part, partsOf } from './structure.js';

/** One way to spoil a file. Returns undefined where it does not apply. */
type Mutation = (bytes: Buffer, random: Random, seeds: readonly Seed[]) => Buffer | undefined;

const extremes = [0, 1, 2, 7, 0x7f, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

function flipped(bytes: Buffer, random: Random, count: number, from = 0, to = bytes.length): Buffer {
  const copy = Buffer.from(bytes);
  for (let n = 0; n < count; n += 1) {
    const at = from + random.below(Math.max(1, to - from));
    copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
  }
  return copy;
}

/** Where a file's description is: the first and last few kilobytes, whatever the format. */
function headOrTail(bytes: Buffer, random: Random): { from: number; to: number } {
  const length = Math.min(bytes.length, 3_000);
  return random.below(3) === 0 ? { from: bytes.length - length, to: bytes.length } : { from: 0, to: length };
}

function writeExtreme(copy: Buffer, at: number, random: Random): void {
  const value = random.pick(extremes);
  const width = random.pick([1, 2, 4]);
  const room = Math.min(width, copy.length - at);
  if (room <= 0) return;
  const wrapped = room === 4 ? value : value % 2 ** (8 * room);
  if (random.below(2) === 0) copy.writeUIntBE(wrapped, at, room);
  else copy.writeUIntLE(wrapped, at, room);
}

function withPart(bytes: Buffer, random: Random, change: (part: Part) => Buffer): Buffer | undefined {
  const parts = partsOf(bytes);
  if (parts.length === 0) return undefined;
  // Half of the time one of the small ones: samples are many, descriptions few.
  const small = parts.filter(({ at, end }) => end - at < 512);
  return change(random.pick(random.below(2) === 0 && small.length > 0 ? small : parts));
}

function resized(bytes: Buffer, part: Part, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  const length = part.end - part.at;
  const size = random.pick([...extremes, length - 1, length + 1, length * 2, Math.floor(length / 2), 8, 16]);
  if (part.kind === 'element') {
    // Keeps the length marker, so that only the number changes; all ones is "unknown".
    const marker = (copy[part.sizeAt] ?? 0) & (0x100 >> part.sizeBytes);
    const most = 2 ** Math.min(32, 7 * part.sizeBytes) - 1;
    copy.writeUIntBE(Math.min(size, most) % 2 ** (8 * Math.min(4, part.sizeBytes)), part.sizeAt + part.sizeBytes - Math.min(4, part.sizeBytes), Math.min(4, part.sizeBytes));
    copy[part.sizeAt] = ((copy[part.sizeAt] ?? 0) & (0xff >> part.sizeBytes)) | marker;
  } else if (part.kind === 'box') copy.writeUInt32BE(size >>> 0, part.sizeAt);
  else copy.writeUInt32LE(size >>> 0, part.sizeAt);
  return copy;
}

function moved(bytes: Buffer, from: number, to: number, target: number): Buffer {
  const without = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  return Buffer.concat([without.subarray(0, target), bytes.subarray(from, to), without.subarray(target)]);
}

const tsPacket = 188;

/** Every way, by name. */
export const mutations: Record<string, Mutation> = {
  'cut short': (bytes, random) => bytes.subarray(0, 1 + random.below(bytes.length - 1)),
  'cut in the header': (bytes, random) => bytes.subarray(0, 1 + random.below(Math.min(bytes.length, 2_000))),
  'one bit': (bytes, random) => flipped(bytes, random, 1),
  'many bits': (bytes, random) => flipped(bytes, random, 1 + random.below(bytes.length / 200)),
  'bits of the description': (bytes, random) => {
    const { from, to } = headOrTail(bytes, random);
    return flipped(bytes, random, 1 + random.below(12), from, to);
  },
  'extreme number': (bytes, random) => {
    const copy = Buffer.from(bytes);
    const { from, to } = headOrTail(bytes, random);
    for (let n = 1 + random.below(3); n > 0; n -= 1) writeExtreme(copy, from + random.below(to - from), random);
    return copy;
  },
  'size of a part': (bytes, random) => withPart(bytes, random, (part) => resized(bytes, part, random)),
  'extreme number in a part': (bytes, random) =>
    withPart(bytes, random, (part) => {
      const copy = Buffer.from(bytes);
      const aligned = part.payloadAt + 4 * random.below(Math.max(1, Math.min(24, (part.end - part.payloadAt) / 4)));
      writeExtreme(copy, aligned, random);
      return copy;
    }),
  'part named otherwise': (bytes, random) => withPart(bytes, random, (part) => flipped(bytes, random, 1, part.kind === 'box' ? part.at + 4 : part.at, part.kind === 'box' ? part.at + 8 : part.at + 4)),
  'part twice': (bytes, random) => withPart(bytes, random, ({ at, end }) => Buffer.concat([bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end)])),
  'part missing': (bytes, random) => withPart(bytes, random, ({ at, end }) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)])),
  'part emptied': (bytes, random) => withPart(bytes, random, ({ payloadAt, end }) => Buffer.concat([bytes.subarray(0, payloadAt), Buffer.alloc(Math.max(0, end - payloadAt)), bytes.subarray(Math.max(payloadAt, end))])),
  'packets lost, doubled and swapped': (bytes, random) => {
    if (bytes[0] !== 0x47 || bytes[tsPacket] !== 0x47) return undefined;
    const packets = Array.from({ length: Math.floor(bytes.length / tsPacket) }, (_, n) => bytes.subarray(n * tsPacket, (n + 1) * tsPacket));
    const kept = packets.flatMap((packet) => (random.below(20) === 0 ? random.pick([[], [packet, packet], [flipped(packet, random, 3, 0, 12)], [random.pick(packets), packet]]) : [packet]));
    return Buffer.concat(kept);
  },
  'piece doubled': (bytes, random) => {
    const at = random.below(bytes.length);
    const end = at + random.below(Math.min(bytes.length - at, 20_000));
    return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end)]);
  },
  'piece moved': (bytes, random) => {
    const from = random.below(bytes.length);
    const to = from + random.below(Math.min(bytes.length - from, 10_000));
    return moved(bytes, from, to, random.below(bytes.length - (to - from)));
  },
  'piece missing': (bytes, random) => {
    const at = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random.below(Math.min(bytes.length - at, 10_000)))]);
  },
  'piece blank': (bytes, random) => {
    const copy = Buffer.from(bytes);
    const at = random.below(copy.length);
    return copy.fill(random.pick([0, 0xff, 0x55]), at, Math.min(copy.length, at + random.below(8_000)));
  },
  'junk before': (bytes, random) => Buffer.concat([Buffer.from(Array.from({ length: 1 + random.below(5_000) }, () => random.below(256))), bytes]),
  'two files in one': (bytes, random, seeds) => {
    const other = random.pick(seeds).bytes;
    return Buffer.concat([bytes.subarray(0, random.below(bytes.length)), other.subarray(random.below(other.length))]);
  },
};
