import { askFfprobe } from '../probe.js';
import { usFromSeconds } from '../timeline.js';
import type { ProbeHost } from './packets.js';

/** What a tool knows of a film once it has opened it. */
export interface Opening {
  /** Everything it says of the streams and the container, but the name: equal texts, equal openings. */
  description: string;
  /** How many packets it read to know that. */
  packets: number;
  /** ffprobe's format.start_time: times on the source's timeline count from here. */
  startUs: number;
  streams: ReadonlyMap<number, { type: string; /** Undefined for sound. */ fps: number | undefined; reorderedFrames: number }>;
}

interface Described {
  format?: { start_time?: string };
  streams?: { index: number; codec_type?: string; avg_frame_rate?: string; has_b_frames?: number }[];
}

/** Where the tool does not say how many packets it read. */
const assumedPackets = 200;

/** @throws {SnvgError} as probeFile */
export async function openFilm(host: ProbeHost, path: string): Promise<Opening> {
  let packets = assumedPackets;
  const { lines } = await askFfprobe(
    host,
    path,
    ['-v', 'debug', '-show_streams', '-show_entries', 'format=format_name,nb_streams,start_time,duration,size,bit_rate', '-show_data_hash', 'MD5', '-print_format', 'json'],
    (line) => {
      const read = /\bAfter avformat_find_stream_info\(\).*\bframes:(\d+)/.exec(line)?.[1];
      if (read !== undefined) packets = Number(read);
    },
  );
  const description = lines.join('\n');
  const { format, streams = [] } = JSON.parse(description) as Described;
  return {
    description,
    packets,
    startUs: usFromSeconds(format?.start_time) ?? 0,
    streams: new Map(streams.map((stream) => [stream.index, { type: stream.codec_type ?? 'data', fps: rateOf(stream.avg_frame_rate), reorderedFrames: stream.has_b_frames ?? 0 }])),
  };
}

function rateOf(text = '0/0'): number | undefined {
  const [num = 0, den = 0] = text.split('/').map(Number);
  return num > 0 && den > 0 ? num / den : undefined;
}
