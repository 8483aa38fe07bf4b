import type { Size } from './crop-size.js';
import { cornerAt, type Framing } from './framing.js';

/** Pixels by which a face may overlap the crop's edge: finer than it is measured. */
const tolerance = 1;

/**
 * Share of the followed faces' samples that lie wholly inside the picture shown; a picture shown whole holds them all.
 * Null when no face is followed at all.
 */
export function faceCoverage(framings: readonly Framing[], crop: Size): number | null {
  let all = 0;
  let inside = 0;
  for (const { mode, positions, samples } of framings) {
    for (const { atUs, box } of samples) {
      all++;
      if (mode === 'fit') {
        inside++;
        continue;
      }
      const { x, y } = cornerAt(positions, atUs);
      const across = box.x >= x - tolerance && box.x + box.width <= x + crop.width + tolerance;
      const down = box.y >= y - tolerance && box.y + box.height <= y + crop.height + tolerance;
      if (across && down) inside++;
    }
  }
  return all === 0 ? null : Math.round((inside / all) * 10_000) / 10_000;
}
