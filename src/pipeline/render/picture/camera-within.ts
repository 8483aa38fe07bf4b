import type { Camera } from '../../../artifacts/schemas/clip.js';
import { type ClipTimeline, frameTimeUs, nearestFrame } from '../../../media/timeline.js';

/**
 * The part of a clip's camera that shows some of its frames, with times counted from the first of them. No shot reaches across the border
 * of a piece, so none is divided.
 *
 * @param part as many frames, from `firstFrame` on
 */
export function cameraWithin(camera: Camera, firstFrame: number, part: ClipTimeline): Camera {
  const { fps, frames } = part;
  const own = (us: number): number => nearestFrame(us, fps) - firstFrame;
  const shots = camera.shots
    .filter(({ startUs, endUs }) => own(endUs) > 0 && own(startUs) < frames)
    .map((shot) => ({
      ...shot,
      startUs: frameTimeUs(own(shot.startUs), fps),
      endUs: frameTimeUs(own(shot.endUs), fps),
      keys: shot.keys.map((key) => ({ ...key, atUs: frameTimeUs(own(key.atUs), fps) })),
    }));
  return { ...camera, shots };
}
