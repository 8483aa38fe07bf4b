import { rename, rm } from 'node:fs/promises';
import { type MediaHost, runFfmpeg } from './ffmpeg.js';

/** The audio stream of a source, as far as mixing it down needs. */
export interface SoundSource {
  index: number;
  channels: number;
  channelLayout: string | null;
}

export interface SpeechRequest {
  /** Absolute path of the source. */
  path: string;
  audio: SoundSource;
  /** Where the samples go: signed 16-bit little-endian, no header. */
  to: string;
  sampleRate: number;
  /** For progress. */
  durationUs: number;
  progress?: (fraction: number) => void;
}

/** Layouts whose dialogue stands in the middle loudspeaker. Plain quadrophony and the like have none. */
const withCentre = /^(3\.|4\.0|4\.1|5\.|6\.|7\.)/;
/**
 * Gaps are filled and overlaps trimmed from 10 ms on. ffmpeg's own 100 ms would let small ones (a lost packet, recordings joined)
 * add up to that before any is mended.
 */
const onTime = 'aresample=async=1:min_hard_comp=0.01:first_pts=0';
/** A mix with a mean level below this is either a quiet recording or one that cancelled out, of which lossy codecs leave some −65 dB. */
const suspiciousDb = -50;

/**
 * Decodes the sound people speak in to one channel. Sample 0 is time 0 of the source: a late start and gaps are filled with
 * silence, overlaps trimmed.
 *
 * Plain mixing would lose speech: from surround sound it takes dialogue down by 10 dB, so the centre leads here; two channels
 * of opposite phase (a wrongly wired microphone) cancel out, so where the sum is nearly silent and the difference is not, the
 * difference is taken; and of surround sound all channels, where nothing is in front.
 *
 * @throws {SnvgError} as runFfmpeg
 */
export async function decodeSpeech(host: MediaHost, request: SpeechRequest): Promise<void> {
  const sumDb = await mixDown(host, request, mixOf(request.audio));
  if (request.audio.channels === 1 || sumDb >= suspiciousDb) return;
  const other = `${request.to}.other`;
  const otherDb = await mixDown(host, { ...request, to: other }, otherMixOf(request.audio));
  if (otherDb > sumDb) await rename(other, request.to);
  else await rm(other);
}

/** What is heard where the usual mix is nearly silent. */
function otherMixOf({ channels }: SoundSource): string {
  if (channels === 2) return 'pan=mono|c0=0.5*c0-0.5*c1';
  // Behind the listener, or on tracks of a recorder that only looks like surround sound: each channel as much as any other.
  return `pan=mono|c0=${Array.from({ length: channels }, (_, n) => `${(1 / Math.sqrt(channels)).toFixed(4)}*c${n}`).join('+')}`;
}

/** Weights leave headroom: channels that say the same add up to no more than one of them. */
function mixOf({ channels, channelLayout }: SoundSource): string {
  if (channelLayout !== null && withCentre.test(channelLayout)) return 'pan=mono|c0=0.6*FC+0.3*FL+0.3*FR';
  return channels === 1 ? 'anull' : 'aformat=channel_layouts=mono';
}

/** @returns the mean level of the mix, in dBFS */
async function mixDown(host: MediaHost, request: SpeechRequest, mix: string): Promise<number> {
  const { path, audio, to, sampleRate, durationUs, progress } = request;
  let meanDb = -Infinity;
  await runFfmpeg(
    host,
    {
      // One thread: sound is decoded in order, and what runs beside needs the others.
      inputs: [{ path, options: ['-threads', '1', '-vn', '-sn', '-dn'] }],
      graph: `[0:${audio.index}]${onTime},${mix},aresample=${sampleRate},aformat=sample_fmts=s16,volumedetect[speech]`,
      outputs: [{ to, options: ['-map', '[speech]', '-c:a', 'pcm_s16le', '-f', 's16le'] }],
    },
    {
      expectedUs: durationUs,
      ...(progress && { progress }),
      onLogLine: (line) => {
        const level = /^\[Parsed_volumedetect_\d+ @ [^\]]*\] mean_volume: (-?[\d.]+) dB/.exec(line)?.[1];
        if (level !== undefined) meanDb = Number(level);
      },
    },
  );
  return meanDb;
}
