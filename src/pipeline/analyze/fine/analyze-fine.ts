import { z } from 'zod';
import type { ArtifactRef } from '../../../artifacts/kinds.js';
import type { Fine } from '../../../artifacts/schemas/analysis.js';
import { range, type Range } from '../../../artifacts/schemas/common.js';
import type { Source } from '../../../artifacts/schemas/source.js';
import { SnvgError } from '../../../errors.js';
import { decodeFrames } from '../../../media/frames.js';
import { withPreroll } from '../../../media/seek.js';
import type { Notice } from '../../notice.js';
import { defineOperation, type FileRef, type StageContext } from '../../stage.js';
import { analysisSize } from './analysis-size.js';
import type { DetectedFace } from './centerface.js';
import { FaceQueue, faceWorker } from './face-detector.js';
import { goesOnAcross, trackFaces, type FaceSampling } from './face-tracks.js';
import type { ShotBorder } from './shot-finder.js';
import { sampleFps, WindowReader, type ChosenPicture } from './window-reader.js';

const params = z.object({
  /** In order, without overlap. */
  windows: z.array(range).min(1),
});
type Params = z.infer<typeof params>;
type Inputs = { file: FileRef; source: ArtifactRef<'source'> };

/** Frames that no other depends on lose nothing at a third of their size when their block edges are left unsmoothed. */
const cheapDecoding = ['-threads', '2', '-skip_loop_filter', 'noref'];

/** Measured on 1080p30: decoding takes most of it, faces the rest. */
const cpuPerSecond = 0.22;

/** Shots and face tracks of some windows of the source, from one decode of each. */
export const analyzeFine = defineOperation<Params, Inputs, { fine: 'fine' }>({
  id: 'analyze.fine',
  stage: 'analyze',
  version: 2,
  params,
  outputs: { fine: 'fine' },
  tools: ['ffmpeg', 'model:centerface'],
  slots: 2,
  moves: {
    cpuSeconds: ({ windows }) => cpuPerSecond * (windows.reduce((sum, { startUs, endUs }) => sum + endUs - startUs, 0) / 1e6),
    memoryBytes: 600_000_000,
    reads: async ({ windows }, { source }, read) => {
      const { container, video } = await read(source);
      return { file: { film: { windows: windows.map((window) => withPreroll(container, window)), container, streams: video ? [video.index] : [] } } };
    },
  },
  run: async ({ file, source: sourceRef }, ctx) => {
    const source = await ctx.read(sourceRef);
    const { windows } = ctx.params;
    const whole = { startUs: windows[0]?.startUs ?? 0, endUs: windows.at(-1)?.endUs ?? 0 };
    const fine: Fine = { schemaVersion: 1, window: whole, shots: [], sampleFps, tracks: [], decodedFrames: 0 };
    const lengthUs = windows.reduce((sum, { startUs, endUs }) => sum + endUs - startUs, 0);
    let doneUs = 0;
    for (const window of windows) {
      const windowUs = window.endUs - window.startUs;
      const seen = await lookAtWindow(file.path, source, window, ctx, (fraction) => ctx.progress((doneUs + fraction * windowUs) / lengthUs));
      doneUs += windowUs;
      const shots = shotsOf(window, seen);
      // A border between windows is a border between shots: no track crosses it.
      for (const track of trackFaces(seen.samplings, shots)) fine.tracks.push({ ...track, id: fine.tracks.length, shot: fine.shots.length + track.shot });
      fine.shots.push(...shots);
      fine.decodedFrames += seen.decodedFrames;
    }
    if (fine.tracks.length === 0) ctx.notice(noFace(whole));
    return { fine: await ctx.putJson('fine', fine) };
  },
});

interface Size {
  width: number;
  height: number;
}

interface TimedBorder {
  atUs: number;
  kind: ShotBorder['kind'];
}

interface Seen {
  borders: TimedBorder[];
  samplings: FaceSampling[];
  decodedFrames: number;
}

async function lookAtWindow(path: string, source: Source, window: Range, ctx: StageContext<Params>, progress: (fraction: number) => void): Promise<Seen> {
  const { video } = source;
  if (!video) throw new SnvgError('MEDIA_NO_VIDEO', 'The source is audio only: there is nothing to look at', 'Give the video of it.');
  const size = analysisSize(video);
  const reader = new WindowReader(window.startUs, video.fps.num / video.fps.den);
  const queue = await FaceQueue.open(ctx, await faceWorker(ctx), size, 'faces.yuv');
  const copies = new Map<number, number>();
  const enqueue = async (chosen: readonly ChosenPicture[]): Promise<void> => {
    for (const { frame, picture, sameAs } of chosen) {
      if (sameAs === undefined) await queue.add(frame, picture);
      else copies.set(frame, sameAs);
    }
  };
  try {
    await decodeFrames(
      ctx,
      { path, video, container: source.container, window, ...size, pixelFormat: 'yuv420p', rate: 'every', scaling: 'area', decoderOptions: cheapDecoding },
      ({ atUs, pixels }) => enqueue(reader.push(atUs, { data: pixels, ...size })),
      { progress },
    );
    await enqueue(reader.finish());
    const found = new Map(await queue.finish());
    for (const [frame, original] of copies) found.set(frame, found.get(original) ?? []);
    const display = { width: video.displayWidth, height: video.displayHeight };
    const samplings = [...found].map(([frame, faces]) => ({ atUs: reader.timeUs(frame), faces: faces.map((face) => inDisplayPixels(face, size, display)) }));
    return {
      borders: reader.borders().map(({ frame, kind }) => ({ atUs: reader.timeUs(frame), kind })),
      samplings: samplings.toSorted((a, b) => a.atUs - b.atUs),
      decodedFrames: reader.frames,
    };
  } finally {
    await queue.close();
  }
}

/** The part of a face that the picture shows, in display pixels. */
function inDisplayPixels(face: DetectedFace, size: Size, display: Size): DetectedFace {
  const left = Math.max(0, face.x);
  const top = Math.max(0, face.y);
  const right = Math.min(size.width, face.x + face.width);
  const bottom = Math.min(size.height, face.y + face.height);
  const across = display.width / size.width;
  const down = display.height / size.height;
  return { x: left * across, y: top * down, width: Math.max(0, right - left) * across, height: Math.max(0, bottom - top) * down, score: face.score };
}

/** Somebody who stands up changes the picture as slowly and as much as a dissolve: where a face goes on, the shot does. */
function shotsOf(window: Range, { borders, samplings }: Seen): Range[] {
  const certain = borders.filter(({ kind }) => kind === 'cut').map(({ atUs }) => atUs);
  const tracks = trackFaces(samplings, toShots(window, certain));
  const gradual = borders.filter(({ kind, atUs }) => kind === 'gradual' && !tracks.some((track) => goesOnAcross(track, atUs)));
  return toShots(window, [...certain, ...gradual.map(({ atUs }) => atUs)].toSorted((a, b) => a - b));
}

function toShots(window: Range, bordersUs: readonly number[]): Range[] {
  const inside = bordersUs.filter((us) => us > window.startUs && us < window.endUs);
  const edges = [window.startUs, ...new Set(inside), window.endUs];
  return edges.slice(1).map((endUs, index) => ({ startUs: edges[index] ?? window.startUs, endUs }));
}

function noFace({ startUs, endUs }: Range): Omit<Notice, 'stage'> {
  return {
    code: 'NO_FACE_FOUND',
    message: `No face was found from ${clockText(startUs)} to ${clockText(endUs)}: the picture is shown whole there`,
    remedy: 'Nothing to do for slides, screens and landscapes; if somebody is in the picture, choose a shape that shows all of it (--format wide).',
    // Slides are shown whole on purpose: nothing is lost that was asked for.
    severity: 'info',
  };
}

function clockText(us: number): string {
  const seconds = Math.floor(us / 1e6);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
