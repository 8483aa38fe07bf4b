import type { Look } from '../../../artifacts/schemas/analysis.js';
import { ramp } from '../score/parts.js';
import type { SeenLimits, SeenWindow, View } from './view.js';

/** A look that differs from the one before it by less than this shows the same picture: the coder's noise stays below. */
const stillChange = 0.01;
/** Less light or less contrast than this is black, or nothing at all. In grey levels. */
const darkBrightness = 26;
const emptyContrast = 6;
/** A card has this share of its samples in one band of grey levels. */
const cardFlatness = 0.75;

/** The whole source as a measure for its parts. */
interface Usual {
  change: number;
  sharpness: number;
}

interface Scored {
  window: SeenWindow;
  /** Keyframes inside; where there is none, the last before. */
  looks: readonly Look[];
  /** Those that can be compared with one inside the window. */
  changes: readonly Look[];
  shots: number;
  usual: Usual;
  limits: SeenLimits;
}

/** Every part of a seen window's score by its public name (docs/choosing.md), each a pure function to points. */
const parts: Readonly<Record<string, (scored: Scored) => number>> = { movement, variety, sharpness, colour, light, length, shape, still, dark, card };

/** Scores windows of one source, in points: the sum of parts, each rounded to a tenth so that the sum shown adds up. */
export function seenScorer(view: View, limits: SeenLimits): (window: SeenWindow) => { score: number; scoreParts: Record<string, number> } {
  const { looks, shots } = view;
  const usual = { change: mean(looks.slice(1).map(({ change }) => change)), sharpness: mean(looks.map((look) => look.sharpness)) };
  return (window) => {
    const inside = looks.filter(({ atUs }) => atUs >= window.startUs && atUs < window.endUs);
    const before = looks.findLast(({ atUs }) => atUs < window.startUs);
    const scored: Scored = {
      window,
      looks: inside.length > 0 || !before ? inside : [before],
      changes: inside.slice(1),
      shots: shots.filter(({ startUs, endUs }) => startUs < window.endUs && endUs > window.startUs).length,
      usual,
      limits,
    };
    const scoreParts: Record<string, number> = {};
    let tenths = 0;
    for (const [name, part] of Object.entries(parts)) {
      const own = Math.round(part(scored) * 10);
      tenths += own;
      scoreParts[name] = own === 0 ? 0 : own / 10;
    }
    return { score: tenths / 10, scoreParts };
  };
}

/** 0…30: mean change from keyframe to keyframe: 15 for how much (from 0.02 to 0.25), 15 against the source (from 0.5 × to 1.5 ×). Where keyframes are too far apart to tell, half. */
function movement({ changes, usual }: Scored): number {
  if (changes.length === 0) return 15;
  const own = mean(changes.map(({ change }) => change));
  return ramp(own, 0.02, 0.25, 15) + (usual.change < stillChange ? 0 : ramp(own / usual.change, 0.5, 1.5, 15));
}

/** 0…20: shots seen: two 10, three 15, more 20. */
function variety({ shots }: Scored): number {
  return [0, 0, 10, 15][shots] ?? 20;
}

/** 0…10: fine detail against the source: from 0.5 × its mean (0) to 1.1 × (10). */
function sharpness({ looks, usual }: Scored): number {
  return looks.length === 0 ? 0 : ramp(mean(looks.map((look) => look.sharpness)) / Math.max(0.1, usual.sharpness), 0.5, 1.1, 10);
}

/** 0…10: mean colourfulness, from 5 (grey) to 40 (vivid). */
function colour({ looks }: Scored): number {
  return ramp(mean(looks.map(({ colourfulness }) => colourfulness)), 5, 40, 10);
}

/** 0…10: share of keyframes that are neither too dark nor too bright to make something out (mean luma 40 to 215). */
function light({ looks }: Scored): number {
  return 10 * share(looks, ({ brightness }) => brightness >= 40 && brightness <= 215);
}

/** 0…10: 25–40 s is liked best; falls to 0 at half and at twice that. The limits asked for come first. */
function length({ window, limits }: Scored): number {
  const seconds = (window.endUs - window.startUs) / 1_000_000;
  const low = Math.min(Math.max(25, limits.minLengthUs / 1_000_000), limits.maxLengthUs / 1_000_000);
  const high = Math.max(Math.min(40, limits.maxLengthUs / 1_000_000), low);
  return Math.min(ramp(seconds, low / 2, low, 10), ramp(-seconds, -2 * high, -high, 10));
}

/** 0…12: begins (8) and ends (4) where a shot does: a cut soon after the beginning looks like a mistake. */
function shape({ window }: Scored): number {
  return (window.startsShot ? 8 : 0) + (window.endsShot ? 4 : 0);
}

/** −40…0: share of keyframes that show the same picture as the one before. */
function still({ changes }: Scored): number {
  return -40 * share(changes, ({ change }) => change < stillChange);
}

/** −40…0: share of keyframes that are black or empty. */
function dark({ looks }: Scored): number {
  return looks.length === 0 ? -40 : -40 * share(looks, isBlank);
}

/** −20…0: share of keyframes that are mostly one flat tone: title cards, slides, blank walls. */
function card({ looks }: Scored): number {
  return -20 * share(looks, (look) => look.flatness >= cardFlatness && !isBlank(look));
}

function isBlank({ brightness, contrast }: Look): boolean {
  return brightness < darkBrightness || contrast < emptyContrast;
}

function share(looks: readonly Look[], holds: (look: Look) => boolean): number {
  return looks.length === 0 ? 0 : looks.filter(holds).length / looks.length;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
