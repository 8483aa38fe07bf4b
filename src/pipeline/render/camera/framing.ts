import type { FaceTrack } from '../../../artifacts/schemas/analysis.js';
import type { Range } from '../../../artifacts/schemas/common.js';
import type { Position } from './follow-face.js';

/** How one stretch of the clip is shown. `startUs` and `endUs` are on the source timeline. */
export interface Framing extends Range {
  /** First frame in the clip. */
  firstFrame: number;
  frames: number;
  mode: 'crop' | 'fit';
  /** Of the crop's corner; one when it rests, none for `fit`. */
  positions: readonly Position[];
  /** The followed face's samples in this stretch, as they were measured. */
  samples: FaceTrack['samples'];
}

/** The crop's corner at an instant: on the line between two positions, at rest before the first and after the last. */
export function cornerAt(positions: readonly Position[], atUs: number): { x: number; y: number } {
  const after = positions.findIndex((position) => position.atUs >= atUs);
  const next = positions[after] ?? positions.at(-1);
  const last = positions[after - 1] ?? next;
  if (!next || !last) throw new Error('a crop has at least one position');
  const share = after > 0 ? (atUs - last.atUs) / (next.atUs - last.atUs) : 0;
  return { x: last.x + share * (next.x - last.x), y: last.y + share * (next.y - last.y) };
}
