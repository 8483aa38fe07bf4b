import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Check } from '../../../artifacts/schemas/clip.js';
import { bt709 } from '../../../media/colour.js';
import { type MediaHost, runFfmpeg } from '../../../media/ffmpeg.js';
import { probeFile, type ProbedFile } from '../../../media/probe.js';
import type { ClipTimeline } from '../../../media/timeline.js';
import type { Reading } from '../readings.js';
import { probeFilters, thumbnail, thumbnailFilters, type CaptionProbe } from '../picture/picture-graph.js';
import { pictureFiles, timesFile } from '../picture/render-picture.js';
import { type Loudness, loudnessFilter, LoudnessReport } from '../sound/loudness-report.js';
import { captionPixels } from './caption-pixels.js';
import { compareFrames } from './compare-frames.js';
import { decodedGaps, decodedTimes } from './decoded-gaps.js';
import { startsFast } from './mp4-layout.js';

/** How the source was read. */
export interface DecodedSource {
  /** One per piece of the timeline. */
  readings: readonly Reading[];
  variableFrameRate: boolean;
}

export interface Expectation {
  timeline: ClipTimeline;
  width: number;
  height: number;
  thumbnailRows: number;
  /** Null where the picture is not the source's. */
  decoded: DecodedSource | null;
  /** Null: the sound is silent, or its peaks do not allow the target. */
  targetLufs: number | null;
  captions: ExpectedCaptions | undefined;
}

interface ExpectedCaptions {
  probe: CaptionProbe;
  /** For each frame of the probe, the least number of pixels its text covers. */
  leastPixels: readonly number[];
  colors: readonly string[];
}

export interface Verification {
  checks: Check[];
  loudness: Loudness;
}

const loudnessToleranceLu = 0.5;
export const truePeakLimitDbtp = -1;
/** Mean difference in grey levels between a meant and a decoded small picture: encoding stays far below, another picture far above. */
const mostDifference = 12;
const mostLateUs = 100_000;
const stretchSeconds = 0.5;

/**
 * Looks at a finished file as a viewer's player would: one probe and one decode of it, compared with what the render meant to write.
 *
 * @throws {SnvgError} as runFfmpeg
 */
export async function verifyClip(host: MediaHost, expected: Expectation): Promise<Verification> {
  const path = join(host.scratchDir, pictureFiles.clip);
  const probed = await probeFile(host, path);
  const streams = streamsCheck(probed, expected);
  // Without a picture and a sound there is nothing to decode and compare.
  if (probed.streams.length !== 2) return { checks: [streams], loudness: { integratedLufs: null, truePeakDbtp: null } };
  const report = new LoudnessReport();
  const { captions } = expected;
  const graph = [
    `[0:v]split=${captions ? 2 : 1}[a]${captions ? '[b]' : ''}`,
    `[a]${thumbnailFilters(expected.thumbnailRows)}[thumbs]`,
    ...(captions ? [`[b]${probeFilters(captions.probe)}[look]`] : []),
    `[0:a]${loudnessFilter}[sound]`,
  ].join(';');
  await runFfmpeg(
    host,
    {
      inputs: [{ path, options: ['-threads', '2'] }],
      graph,
      outputs: [
        { to: 'seen.gray', options: ['-map', '[thumbs]', '-fps_mode', 'passthrough', '-f', 'rawvideo'] },
        ...(captions ? [{ to: 'after.yuv', options: ['-map', '[look]', '-fps_mode', 'passthrough', '-f', 'rawvideo'] }] : []),
        { to: null, options: ['-map', '[sound]'] },
      ],
    },
    { onLogLine: (line) => report.line(line) },
  );
  const loudness = report.result();
  const checks = [
    streams,
    { id: 'faststart', passed: await startsFast(path), detail: 'the index stands before the media' },
    colourCheck(probed),
    durationCheck(probed, expected.timeline),
    ...(expected.decoded ? [await sourceCheck(host, expected.timeline, expected.decoded)] : []),
    ...(await pictureChecks(host, expected)),
    loudnessCheck(loudness, expected.targetLufs),
    ...(captions ? [await captionsCheck(host, captions)] : []),
  ];
  return { checks, loudness };
}

function streamsCheck({ streams }: ProbedFile, { width, height, timeline }: Expectation): Check {
  const video = streams.find((stream) => stream.codec_type === 'video');
  const audio = streams.find((stream) => stream.codec_type === 'audio');
  const found = [
    video ? `${video.codec_name} ${video.pix_fmt} ${video.width}x${video.height} ${video.r_frame_rate}` : 'no picture',
    audio ? `${audio.codec_name} ${audio.sample_rate} Hz ${audio.channels} ch` : 'no sound',
  ].join(', ');
  const { num, den } = timeline.fps;
  const wanted = `h264 yuv420p ${width}x${height} ${num}/${den}, aac 48000 Hz 2 ch`;
  return { id: 'streams', passed: streams.length === 2 && found === wanted, detail: found === wanted ? found : `${found}; wanted ${wanted}` };
}

/** Without tags, or with wrong ones, players guess and show other colours. */
function colourCheck({ streams }: ProbedFile): Check {
  const video = streams.find((stream) => stream.codec_type === 'video');
  const found = tagsText(video?.color_primaries, video?.color_transfer, video?.color_space, video?.color_range);
  const wanted = tagsText(bt709.colorPrimaries, bt709.colorTransfer, bt709.colorMatrix, bt709.colorRange);
  return { id: 'colour', passed: found === wanted, detail: found === wanted ? `tagged ${found}` : `tagged ${found}; wanted ${wanted}` };
}

function tagsText(primaries = 'no', transfer = 'no', matrix = 'no', range = 'no'): string {
  return `${primaries} primaries, ${transfer} transfer, ${matrix} matrix, ${range} range`;
}

function durationCheck({ streams }: ProbedFile, { durationUs, fps }: ClipTimeline): Check {
  const frameUs = (1e6 * fps.den) / fps.num;
  const lengths = ['video', 'audio'].map((type) => Number(streams.find((stream) => stream.codec_type === type)?.duration) * 1e6);
  // AAC comes in blocks of 1024 samples: the last one may end after the picture.
  const passed = lengths.every((us) => Math.abs(us - durationUs) <= Math.max(frameUs, 22_000));
  return { id: 'duration', passed, detail: `asked ${seconds(durationUs)} s; picture ${seconds(lengths[0])} s, sound ${seconds(lengths[1])} s` };
}

/** A held first frame would look like the source standing still: so the times of what was decoded are looked at. */
async function sourceCheck(host: MediaHost, timeline: ClipTimeline, { readings, variableFrameRate }: DecodedSource): Promise<Check> {
  const frameUs = (1e6 * timeline.fps.den) / timeline.fps.num;
  const perReading = readings.map(async ({ pieces, seekUs }, n) => {
    const times = decodedTimes(await readFile(join(host.scratchDir, timesFile(n)), 'utf8'));
    // Between frames of a variable rate nothing is missing, and before its first frame a source has no picture.
    const fromStart = seekUs === 0 && times.length > 0;
    return pieces.map((piece) => ({ ...decodedGaps(times, piece, frameUs), mayBeLate: variableFrameRate || fromStart, mayBeEmpty: fromStart }));
  });
  const pieces = (await Promise.all(perReading)).flat();
  const late = Math.max(...pieces.map(({ lateUs }) => lateUs));
  const gap = Math.max(...pieces.map(({ longestUs }) => longestUs));
  const passed = pieces.every(({ frames, lateUs, mayBeLate, mayBeEmpty }) => (frames > 0 || mayBeEmpty) && (mayBeLate || lateUs <= Math.max(2 * frameUs, mostLateUs)));
  const met = pieces.filter(({ endsMet }) => endsMet).length;
  const ends = pieces.length === 1 ? `first and last frame ${met === 1 ? 'are' : 'are not both'} the source's own` : `first and last frame are the source's own in ${met} of ${pieces.length} pieces`;
  return { id: 'source', passed, detail: `decoded from ${late <= frameUs ? 'the first frame' : `${seconds(late)} s after the first frame`}; ${ends}; longest time between frames ${seconds(gap)} s` };
}

async function pictureChecks(host: MediaHost, { timeline, decoded: source }: Expectation): Promise<Check[]> {
  const [meant, decoded] = await Promise.all([pictureFiles.thumbs, 'seen.gray'].map((name) => readFile(join(host.scratchDir, name))));
  const longest = Math.max(1, Math.round((stretchSeconds * timeline.fps.num) / timeline.fps.den));
  const result = compareFrames({ meant: meant ?? Buffer.of(), decoded: decoded ?? Buffer.of(), frameBytes: thumbnail.width * thumbnail.height }, longest);
  return [
    {
      id: 'frames',
      passed: result.decodedFrames === timeline.frames && result.meantFrames === timeline.frames,
      detail: `${result.decodedFrames} of ${timeline.frames} frames decoded`,
    },
    {
      id: 'picture',
      passed: result.worst.difference <= mostDifference && result.blackFrames === 0 && result.frozenFrames === 0,
      detail: `every frame compared with ${source ? 'the source' : 'what was drawn'}; largest difference ${result.worst.difference.toFixed(1)} of 255 at frame ${result.worst.frame}, ${result.blackFrames} black and ${result.frozenFrames} frozen frames that it lacks`,
    },
  ];
}

function loudnessCheck({ integratedLufs, truePeakDbtp }: Loudness, targetLufs: number | null): Check {
  const levelled = targetLufs === null || (integratedLufs !== null && Math.abs(integratedLufs - targetLufs) <= loudnessToleranceLu);
  const peaks = truePeakDbtp === null || truePeakDbtp <= truePeakLimitDbtp || integratedLufs === null;
  return { id: 'loudness', passed: levelled && peaks, detail: `${integratedLufs?.toFixed(1) ?? 'no'} LUFS, true peak ${truePeakDbtp?.toFixed(1) ?? 'none'} dBTP as decoded` };
}

async function captionsCheck(host: MediaHost, { probe, leastPixels, colors }: ExpectedCaptions): Promise<Check> {
  const [before, after] = await Promise.all([pictureFiles.before, 'after.yuv'].map((name) => readFile(join(host.scratchDir, name))));
  const bytes = probe.box.width * probe.box.height * 3;
  const counts = probe.frames.map((_, n) => {
    const cut = (all: Buffer | undefined): Uint8Array => (all ?? Buffer.of()).subarray(n * bytes, (n + 1) * bytes);
    return cut(after).length === bytes ? captionPixels({ before: cut(before), after: cut(after) }, colors) : { fill: 0, border: 0 };
  });
  // White letters on a white wall are seen by their border alone.
  const seen = counts.filter(({ fill, border }, n) => fill + border >= (leastPixels[n] ?? 1)).length;
  const fewest = Math.min(...counts.map(({ fill }) => fill));
  return { id: 'captions', passed: seen === probe.frames.length, detail: `seen in ${seen} of ${probe.frames.length} frames looked at; at least ${fewest} pixels of caption colour that the picture lacks` };
}

function seconds(us: number | undefined): string {
  return ((us ?? 0) / 1e6).toFixed(3);
}
