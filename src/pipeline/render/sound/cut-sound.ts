import { join } from 'node:path';
import { type MediaHost, runFfmpeg } from '../../../media/ffmpeg.js';
import { seekPrerollUs } from '../../../media/seek.js';
import { type ClipTimeline, secondsText } from '../../../media/timeline.js';
import { planReadings, type Reading } from '../readings.js';
import { bytesPerFrame, channels, JoinedSound, type SoundPiece } from './joined-sound.js';
import { type Loudness, loudnessFilter, LoudnessReport } from './loudness-report.js';

export const sampleRate = 48_000;
/** The sound as cut, before any gain: its name in the scratch folder, and how ffmpeg reads it. */
export const cutFile = { name: 'sound.f32', format: 'f32le', input: ['-ar', String(sampleRate), '-ac', String(channels)] } as const;

/** Short enough not to be heard as an overlap of words, long enough not to click: a period of 125 Hz. */
const crossfadeSamples = 0.008 * sampleRate;
/** Half a crossfade, and something for rounding. */
const tailUs = 20_000;
/** A minute of sound is decoded in the time of starting ffmpeg twice. */
const gapUs = 20_000_000;
/** Holes shorter than this are not filled: the clocks of phones and screen recorders jitter by some ms without one. */
const shortestHoleSeconds = 0.04;

export interface SoundCut {
  /** Absolute path of the source. */
  path: string;
  /** ffprobe's format name. */
  container: string;
  streamIndex: number;
  /** The filter that makes two channels of it (`stereoMix`). */
  mix: string;
  timeline: ClipTimeline;
}

/** Which stretches of the source are decoded for a clip's sound. */
export function soundReadings({ path, container, timeline }: Pick<SoundCut, 'path' | 'container' | 'timeline'>): Reading[] {
  // Decoders need some packets before theirs sound right: MP3 keeps bits in earlier ones, Opus asks for 80 ms, AAC overlaps two.
  return planReadings(path, timeline.pieces, { gapUs, leadUs: (startUs) => seekPrerollUs(container, startUs), tailUs, weightOf: () => 0, mostWeight: 0 });
}

/**
 * Cuts the clip's sound to the exact sample, stereo at 48 kHz, with late starts and holes filled with silence and joins crossfaded.
 *
 * @returns what it measures before any gain
 * @throws {SnvgError} as runFfmpeg
 */
export async function cutSound(host: MediaHost, cut: SoundCut): Promise<Loudness> {
  const { streamIndex, mix, timeline } = cut;
  const readings = soundReadings(cut);
  const pieces = timeline.pieces.map((piece): SoundPiece => {
    const clipStart = samplesAt(piece.firstFrame, timeline);
    return { sourceStart: samplesIn(piece.startUs), clipStart, length: samplesAt(piece.firstFrame + piece.frames, timeline) - clipStart };
  });
  const joined = await JoinedSound.create(join(host.scratchDir, cutFile.name), pieces, crossfadeSamples);
  try {
    let first = 0;
    for (const reading of readings) {
      await readSound(host, reading, { streamIndex, mix }, (samples, start) => takeAll(joined, samples, start, first, first + reading.pieces.length));
      first += reading.pieces.length;
    }
  } catch (error) {
    await joined.abandon();
    throw error;
  }
  await joined.finish();
  return measureCut(host);
}

async function takeAll(joined: JoinedSound, samples: Float32Array, start: number, first: number, end: number): Promise<void> {
  for (let n = first; n < end; n += 1) await joined.take(n, samples, start);
}

/** Decodes a reading and hands its samples over with the source sample that each run begins at. */
async function readSound(host: MediaHost, { path, seekUs, endUs }: Reading, { streamIndex, mix }: Pick<SoundCut, 'streamIndex' | 'mix'>, onSamples: (samples: Float32Array, start: number) => Promise<void>): Promise<void> {
  let at = samplesIn(seekUs);
  let rest = Buffer.alloc(0);
  const onStdoutChunk = async (chunk: Buffer): Promise<void> => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const frames = Math.floor(bytes.length / bytesPerFrame);
    // A copy: samples must lie on a multiple of four, which a pipe's chunks need not.
    const samples = new Float32Array(frames * channels);
    bytes.copy(Buffer.from(samples.buffer), 0, 0, frames * bytesPerFrame);
    rest = Buffer.from(bytes.subarray(frames * bytesPerFrame));
    const start = at;
    at += frames;
    await onSamples(samples, start);
  };
  const shaped = `aresample=${sampleRate}:async=1:first_pts=0:min_hard_comp=${shortestHoleSeconds},aformat=sample_fmts=flt,${mix}`;
  await runFfmpeg(
    host,
    {
      inputs: [{ path, seekUs, untilUs: endUs, sourceTimes: true, options: ['-threads', '1', '-vn', '-sn', '-dn'] }],
      // `aresample` fills up to its first time, but of much sound before it it drops too much: that is cut off exactly.
      graph: `[0:${streamIndex}]atrim=start=${secondsText(seekUs)}:end=${secondsText(endUs)},asetpts=PTS-${secondsText(seekUs)}/TB,${shaped}[sound]`,
      outputs: [{ to: 'pipe:1', options: ['-map', '[sound]', '-f', cutFile.format] }],
    },
    { onStdoutChunk },
  );
}

async function measureCut(host: MediaHost): Promise<Loudness> {
  const report = new LoudnessReport();
  await runFfmpeg(
    host,
    {
      inputs: [{ path: join(host.scratchDir, cutFile.name), rawFormat: cutFile.format, options: cutFile.input }],
      graph: `[0:a]${loudnessFilter}[measured]`,
      outputs: [{ to: null, options: ['-map', '[measured]'] }],
    },
    { onLogLine: (line) => report.line(line) },
  );
  return report.result();
}

/** Samples before a frame of the clip: rounded once from the start, so that pieces never drift. */
export function samplesAt(frame: number, { fps }: ClipTimeline): number {
  return Math.round((frame * fps.den * sampleRate) / fps.num);
}

function samplesIn(us: number): number {
  return Math.round((us * sampleRate) / 1e6);
}
