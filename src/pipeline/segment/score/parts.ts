import type { Line, Talk } from '../talk.js';
import type { Background } from './background.js';

/** A stretch of whole lines with its cut points: what is scored. */
export interface Window {
  first: number;
  last: number;
  startUs: number;
  endUs: number;
}

/** What every part of the score may look at. */
export interface Scored {
  talk: Talk;
  background: Background;
  window: Window;
  lines: readonly Line[];
  text: string;
  limits: { minLengthUs: number; maxLengthUs: number };
}

/** `value` on a straight line from (`from`, 0) to (`to`, `points`), held at both ends. */
export function ramp(value: number, from: number, to: number, points: number): number {
  const share = to === from ? Number(value >= to) : (value - from) / (to - from);
  return points * Math.min(1, Math.max(0, share));
}
