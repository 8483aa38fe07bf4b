import type { Fine } from '../../artifacts/schemas/analysis.js';
import type { Camera } from '../../artifacts/schemas/clip.js';
import type { Range, Rational } from '../../artifacts/schemas/common.js';
import { ClipTimeline } from '../../media/timeline.js';
import { cropSize } from './camera/crop-size.js';
export function planCamera(i: { fine: Fine; ranges: readonly Range[]; displayWidth: number; displayHeight: number; targetWidth: number; targetHeight: number; fps: Rational }): Camera {
  const size = cropSize({ width: i.displayWidth, height: i.displayHeight }, { width: i.targetWidth, height: i.targetHeight });
  const t = new ClipTimeline(i.ranges, i.fps);
  return { faceCoverage: null, shots: [{ startUs: 0, endUs: t.durationUs, mode: 'crop', keys: [{ atUs: 0, box: { ...size, x: (i.displayWidth - size.width) / 2, y: (i.displayHeight - size.height) / 2 } }] }] };
}
