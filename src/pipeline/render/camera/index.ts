import type { FaceTrack, Fine } from '../../../artifacts/schemas/analysis.js';
import type { Camera, CameraShot } from '../../../artifacts/schemas/clip.js';
import type { Range, Rational } from '../../../artifacts/schemas/common.js';
import { ClipTimeline, frameTimeUs, nearestFrame } from '../../../media/timeline.js';
import { faceCoverage } from './coverage.js';
import { cropSize, isTargetShape, type Size } from './crop-size.js';
import { joinFlickers } from './flickers.js';
import { followFace, holdStill, isTooLarge, samplesFor, withoutLeaps } from './follow-face.js';
import type { Framing } from './framing.js';
import { sliceClip, type Slice } from './slices.js';
import { castScenes, samplesWithin, type Scene } from './subjects.js';

export interface CameraRequest {
  fine: Fine;
  /** The clip's pieces of the source, in playing order. */
  ranges: readonly Range[];
  displayWidth: number;
  displayHeight: number;
  targetWidth: number;
  targetHeight: number;
  /** The clip's frame grid. */
  fps: Rational;
}

/**
 * Plans how the target's frame moves over the source's picture: pure, and equal for equal input.
 *
 * Each shot is framed by itself, from the output frame that first shows it. The face seen most is followed (see
 * `followFace`); shots without a face are shown whole. All crops of a clip have one size, the largest of the target's shape.
 * A source that has that shape already is shown as it is. Shots follow each other without gap and cover the clip exactly.
 */
export function planCamera(request: CameraRequest): Camera {
  const { fine, ranges, fps } = request;
  const timeline = new ClipTimeline(ranges, fps);
  const picture = { width: request.displayWidth, height: request.displayHeight };
  const target = { width: request.targetWidth, height: request.targetHeight };
  const crop = cropSize(picture, target);
  const slices = sliceClip(timeline, fine.shots);
  const frame = isTargetShape(picture, target) ? wholePicture(crop, picture) : followSubjects(slices, crop, picture, fps);
  const framings = joinFlickers(slices.flatMap((slice) => frame(slice, fine.tracks.filter(({ shot }) => shot === slice.shot))));
  return { shots: framings.map((framing) => toCameraShot(framing, crop, fps)), faceCoverage: faceCoverage(framings, crop) };
}

type FrameSlice = (slice: Slice, tracks: readonly FaceTrack[]) => Framing[];

function wholePicture(crop: Size, picture: Size): FrameSlice {
  const x = 2 * Math.floor((picture.width - crop.width) / 4);
  const y = 2 * Math.floor((picture.height - crop.height) / 4);
  return (slice, tracks) => {
    const { startUs, endUs, firstFrame, frames } = slice;
    const samples = castScenes(slice, tracks).flatMap(({ subject, ...stretch }) => (subject ? samplesWithin(subject, stretch) : []));
    return [{ startUs, endUs, firstFrame, frames, mode: 'crop', positions: [{ atUs: startUs, x, y }], samples }];
  };
}

function followSubjects(slices: readonly Slice[], crop: Size, picture: Size, fps: Rational): FrameSlice {
  const restingPlaces = new Map<FaceTrack, ReturnType<typeof holdStill>>();
  // A shot cut into several pieces keeps one camera through all of them where it can: no jump without reason.
  const restingPlace = (track: FaceTrack): ReturnType<typeof holdStill> => {
    if (!restingPlaces.has(track)) {
      const samples = slices.filter(({ shot }) => shot === track.shot).flatMap((slice) => samplesFor(track, slice));
      restingPlaces.set(track, holdStill(withoutLeaps(samples), crop, picture));
    }
    return restingPlaces.get(track);
  };
  return (slice, tracks) => {
    const framings = castScenes(slice, tracks).map((scene): Framing => {
      const { subject, startUs, endUs } = scene;
      const place = { startUs, endUs, ...framesOf(scene, slice, fps) };
      if (!subject) return { ...place, mode: 'fit', positions: [], samples: [] };
      const samples = samplesWithin(subject, scene);
      if (isTooLarge(samplesFor(subject, scene), crop)) return { ...place, mode: 'fit', positions: [], samples };
      const rest = restingPlace(subject);
      const positions = rest ? [{ atUs: startUs, ...rest }] : followFace(subject, scene, crop, picture);
      return { ...place, mode: 'crop', positions, samples };
    });
    return framings.filter(({ frames }) => frames > 0);
  };
}

function framesOf(scene: Scene, slice: Slice, fps: Rational): { firstFrame: number; frames: number } {
  const sliceFrame = nearestFrame(slice.startUs, fps);
  const first = nearestFrame(scene.startUs, fps) - sliceFrame;
  return { firstFrame: slice.firstFrame + first, frames: nearestFrame(scene.endUs, fps) - sliceFrame - first };
}

function toCameraShot({ startUs, firstFrame, frames, mode, positions }: Framing, crop: Size, fps: Rational): CameraShot {
  const sourceFrame = nearestFrame(startUs, fps);
  const keys: CameraShot['keys'] = [];
  for (const { atUs, x, y } of positions) {
    const frame = firstFrame + Math.min(frames, Math.max(0, nearestFrame(atUs, fps) - sourceFrame));
    const key = { atUs: frameTimeUs(frame, fps), box: { x, y, ...crop } };
    // Two positions within one frame: the later one is where the frame ends up.
    if (keys.at(-1)?.atUs === key.atUs) keys.pop();
    keys.push(key);
  }
  return { startUs: frameTimeUs(firstFrame, fps), endUs: frameTimeUs(firstFrame + frames, fps), mode, keys };
}
