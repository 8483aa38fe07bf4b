import type { Look } from '../../../artifacts/schemas/analysis.js';
import type { Range } from '../../../artifacts/schemas/common.js';

/** A source as pictures on its timeline: what clips are chosen from where nothing is heard. */
export interface View {
  sourceSha256: string;
  /** What the source is called: titles begin with it. */
  name: string;
  durationUs: number;
  /** One output frame. */
  frameUs: number;
  /** As keyframes show them; they cover the source. */
  shots: readonly Range[];
  looks: readonly Look[];
}

/** A stretch of the source that may become a clip. */
export interface SeenWindow extends Range {
  /** Whether it begins and ends where a shot does. */
  startsShot: boolean;
  endsShot: boolean;
}

export interface SeenLimits {
  minLengthUs: number;
  maxLengthUs: number;
}
