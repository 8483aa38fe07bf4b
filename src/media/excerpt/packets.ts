import type { ByteRange } from '../../artifacts/byte-range.js';
import type { MediaHost } from '../ffmpeg.js';
import { askFfprobe } from '../probe.js';
import { usFromSeconds } from '../timeline.js';

export type ProbeHost = Omit<MediaHost, 'addCpuSeconds'>;

/** Where a packet lies in the file and in time. */
export interface PlacedPacket extends ByteRange {
  streamIndex: number;
  /** Absolute file time of decoding, else of showing; undefined where the file says neither. */
  atUs: number | undefined;
}

/**
 * The packets that ffprobe reads of an interval, in the order of reading; without those whose place it does not know, as the second
 * and later frames of one packet of a stream.
 *
 * @param interval as for `-read_intervals`
 * @throws {SnvgError} as probeFile
 */
export async function placedPackets(host: ProbeHost, path: string, interval: string): Promise<PlacedPacket[]> {
  const { lines } = await askFfprobe(host, path, ['-read_intervals', interval, '-show_entries', 'packet=stream_index,pts_time,dts_time,size,pos', '-print_format', 'csv=print_section=0']);
  const packets: PlacedPacket[] = [];
  for (const line of lines) {
    if (line === '') continue;
    const [streamIndex, pts, dts, size, pos] = line.split(',');
    const startByte = Number(pos);
    if (!Number.isSafeInteger(startByte) || startByte < 0) continue;
    packets.push({ streamIndex: Number(streamIndex), startByte, endByte: startByte + Number(size), atUs: usFromSeconds(dts) ?? usFromSeconds(pts) });
  }
  return packets;
}
