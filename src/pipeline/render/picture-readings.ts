import type { Camera } from '../../artifacts/schemas/clip.js';
import { seekPrerollUs } from '../../media/seek.js';
import { type ClipPiece, type ClipTimeline, nearestFrame } from '../../media/timeline.js';
import { planReadings, type Reading } from './readings.js';

/** Read past the end of each piece, so that its last frame is complete whatever the source's frame times. */
const tailUs = 200_000;
/** To decode this much costs about as much as to start a decoder and reach the middle of a group of pictures. */
const worthReadingUs = 4_000_000;
/**
 * Most filters of one run's camera at once. A camera that moves or shows the whole picture has filters of its own, and so has the still one
 * after it: measured at 1280×720, 11 MB each. Cameras at rest share one, whose expression a piece makes longer.
 */
const cameraWeights = { most: 1, still: 1 / 64, other: 1 / 8 } as const;

/** Which stretches of the source are decoded for a clip's picture. */
export function pictureReadings(path: string, { pieces, fps }: ClipTimeline, container: string, camera: Camera): [Reading, ...Reading[]] {
  const leadUs = (startUs: number): number => seekPrerollUs(container, startUs);
  const weightOf = ({ firstFrame, frames }: ClipPiece): number =>
    camera.shots
      .filter((shot) => nearestFrame(shot.startUs, fps) >= firstFrame && nearestFrame(shot.startUs, fps) < firstFrame + frames)
      .reduce((sum, { mode, keys }) => sum + (mode === 'fit' || keys.length > 1 ? cameraWeights.other : cameraWeights.still), 0);
  const [first, ...more] = planReadings(path, pieces, { leadUs, gapUs: worthReadingUs + leadUs(Number.MAX_SAFE_INTEGER), tailUs, weightOf, mostWeight: cameraWeights.most });
  if (!first) throw new RangeError('a clip has at least one piece');
  return [first, ...more];
}
