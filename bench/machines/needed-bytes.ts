import { open } from 'node:fs/promises';
import { bytesIn, type ByteRange, joined } from '../../src/artifacts/byte-range.js';
import type { ArtifactRef } from '../../src/artifacts/kinds.js';
import type { FileRef, FilmPart, Planner } from '../../src/pipeline/stage.js';
import { loadOperation } from '../../src/pipeline/stages.js';
import type { Task } from '../../src/pipeline/task.js';
import { measureOk } from '../measure.js';

interface Packet {
  stream: number;
  timeUs: number;
  isKey: boolean;
  bytes: ByteRange;
}

/**
 * The least that hosts must be sent to do the tasks they did, each host every byte once: of a film the packets of a task's windows from the
 * keyframe before each, and all that is no packet (the index); of other files what their operation says it reads. Found with ffprobe alone, without
 * anything of what makes excerpts. For MP4.
 */
export async function neededBytes(doneAt: ReadonlyMap<string, readonly Task[]>, read: Planner['read']): Promise<number> {
  const packetsOf = new Map<string, Promise<Packet[]>>();
  let sum = 0;
  for (const tasks of doneAt.values()) {
    const needed = new Map<string, ByteRange[]>();
    for (const task of tasks) {
      const moves = (await loadOperation(task.op)).moves;
      if (!moves) throw new Error(`${task.op} does not move`);
      const reads = await moves.reads(task.params as never, task.inputs as never, read);
      for (const [name, input] of inputsOf(task)) {
        const hash = 'sha256' in input ? input.sha256 : input.hash;
        const part = reads[name];
        let ranges: readonly ByteRange[] = [{ startByte: 0, endByte: input.sizeBytes }];
        if (part && 'bytes' in part) ranges = part.bytes;
        else if (part && 'path' in input) {
          const known = packetsOf.get(hash) ?? packetsIn(input.path);
          packetsOf.set(hash, known);
          ranges = [...(await indexOf(input)), ...packetsFor(part.film, await known)];
        }
        needed.set(hash, [...(needed.get(hash) ?? []), ...ranges]);
      }
    }
    for (const ranges of needed.values()) sum += bytesIn(joined(ranges));
  }
  return sum;
}

function inputsOf({ inputs }: Task): [string, FileRef | ArtifactRef][] {
  return Object.entries(inputs).flatMap(([name, input]) => (input === undefined ? [] : Array.isArray(input) ? input.map((ref: ArtifactRef): [string, ArtifactRef] => [name, ref]) : [[name, input] as [string, FileRef | ArtifactRef]]));
}

function packetsFor({ windows, streams }: FilmPart, packets: readonly Packet[]): ByteRange[] {
  return streams.flatMap((stream) => {
    const own = packets.filter((packet) => packet.stream === stream);
    return windows.flatMap(({ startUs, endUs }) => {
      const keyUs = own.findLast(({ isKey, timeUs }) => isKey && timeUs <= startUs)?.timeUs ?? Number.NEGATIVE_INFINITY;
      return own.filter(({ timeUs }) => timeUs >= keyUs && timeUs <= endUs).map(({ bytes }) => bytes);
    });
  });
}

async function packetsIn(path: string): Promise<Packet[]> {
  const { stdout } = await measureOk('ffprobe', ['-v', 'error', '-show_entries', 'packet=stream_index,pts_time,flags,pos,size', '-of', 'json', path]);
  const { packets } = JSON.parse(stdout) as { packets: { stream_index: number; pts_time?: string; flags: string; pos?: string; size: string }[] };
  return packets.map(({ stream_index: stream, pts_time: time, flags, pos, size }) => ({
    stream,
    timeUs: Math.round(Number(time ?? 0) * 1e6),
    isKey: flags.startsWith('K'),
    bytes: { startByte: Number(pos), endByte: Number(pos) + Number(size) },
  }));
}

/** All boxes of an MP4 but the one with the packets, and the head of that. */
async function indexOf({ path, sizeBytes }: FileRef): Promise<ByteRange[]> {
  const file = await open(path, 'r');
  try {
    const ranges: ByteRange[] = [];
    for (let at = 0; at < sizeBytes; ) {
      const head = Buffer.alloc(16);
      await file.read(head, 0, 16, at);
      const short = head.readUInt32BE(0);
      const length = short === 1 ? Number(head.readBigUInt64BE(8)) : short === 0 ? sizeBytes - at : short;
      const isData = head.toString('latin1', 4, 8) === 'mdat';
      ranges.push({ startByte: at, endByte: at + (isData ? 16 : length) });
      at += length;
    }
    return ranges;
  } finally {
    await file.close();
  }
}
