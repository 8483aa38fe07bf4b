import { type MediaHost, runFfmpeg } from '../../media/ffmpeg.js';

const excerptUs = 5_000_000;
/** Below this, a track holds no programme: dither of an empty mix lies at −90 dB and lower. */
const silentDb = -70;

/**
 * Which audio tracks say nothing, by three short excerpts of each. Only worth its while where there are several to choose from.
 *
 * @returns stream indices
 */
export async function silentTracks(host: MediaHost, path: string, streamIndices: readonly number[], durationUs: number): Promise<Set<number>> {
  const loudest = new Map<number, number>();
  for (const share of [0.1, 0.5, 0.85]) {
    const seekUs = Math.floor(Math.max(0, durationUs * share - excerptUs / 2));
    await runFfmpeg(
      host,
      {
        inputs: [{ path, seekUs, durationUs: excerptUs, options: ['-vn', '-sn'] }],
        graph: streamIndices.map((index, at) => `[0:${index}]volumedetect@track${at}[a${at}]`).join(';'),
        outputs: [{ to: null, options: streamIndices.flatMap((_, at) => ['-map', `[a${at}]`]) }],
      },
      {
        onLogLine: (line) => {
          const [, at, level] = /^\[(?:Parsed_)?volumedetect@track(\d+) @ [^\]]*\] max_volume: (-?[\d.]+) dB/.exec(line) ?? [];
          const index = streamIndices[Number(at)];
          if (index !== undefined && level !== undefined) loudest.set(index, Math.max(loudest.get(index) ?? -Infinity, Number(level)));
        },
      },
    );
  }
  return new Set(streamIndices.filter((index) => (loudest.get(index) ?? -Infinity) < silentDb));
}
