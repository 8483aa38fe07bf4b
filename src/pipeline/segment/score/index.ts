import { confidence, contrast, density, fillers, focus, housekeeping, novelty, numbers, quote } from './content-parts.js';
import { energy, hook, opening } from './opening-parts.js';
import type { Scored } from './parts.js';
import { answer, completeness, length, retake, selfContained, silence } from './shape-parts.js';

/** Every part of a score by its public name (docs/choosing.md), each a pure function to points. */
const parts: Readonly<Record<string, (scored: Scored) => number>> = {
  hook,
  energy,
  opening,
  completeness,
  selfContained,
  answer,
  contrast,
  numbers,
  quote,
  density,
  novelty,
  focus,
  length,
  fillers,
  retake,
  silence,
  confidence,
  housekeeping,
};

/** A score in points, the sum of its parts; each rounded to a tenth so that the sum shown adds up. */
export function score(scored: Scored): { score: number; scoreParts: Record<string, number> } {
  const scoreParts: Record<string, number> = {};
  let tenths = 0;
  for (const [name, part] of Object.entries(parts)) {
    const own = Math.round(part(scored) * 10);
    tenths += own;
    scoreParts[name] = own === 0 ? 0 : own / 10;
  }
  return { score: tenths / 10, scoreParts };
}
