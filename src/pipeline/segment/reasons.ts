import type { Ranked } from './select.js';

/** What a large part of a score says in words. */
const phrases: Readonly<Record<string, string>> = {
  hook: 'a strong opening',
  energy: 'a lively voice',
  completeness: 'a whole thought',
  selfContained: 'needs nothing from the rest',
  answer: 'a question with its answer',
  contrast: 'a clear contrast',
  numbers: 'figures to hold on to',
  quote: 'a quotation',
  density: 'much said in little time',
  novelty: 'words not heard elsewhere',
  focus: 'one subject throughout',
  length: 'a good length',
};
/** The most each part can give; a part near it is worth naming. */
const most: Readonly<Record<string, number>> = { hook: 20, energy: 3, completeness: 15, selfContained: 8, answer: 8, contrast: 6, numbers: 4, quote: 3, density: 8, novelty: 6, focus: 6, length: 10 };

/** Why a window was chosen, in one sentence. */
export function reasonChosen({ score, scoreParts, startUs, endUs }: Pick<Ranked, 'score' | 'scoreParts' | 'startUs' | 'endUs'>): string {
  // A large part counts more than a full small one: share of its most, weighted by points.
  const worth = (name: string): number => (scoreParts[name]! * scoreParts[name]!) / most[name]!;
  const strong = Object.keys(phrases)
    .filter((name) => (scoreParts[name] ?? 0) > 0.5 * most[name]!)
    .toSorted((a, b) => worth(b) - worth(a))
    .slice(0, 3)
    .map((name) => phrases[name]!);
  const seconds = Math.round((endUs - startUs) / 1_000_000);
  return `chosen with ${score.toFixed(1)} points in ${seconds} s: ${strong.length > 0 ? strong.join(', ') : 'the best there is here'}`;
}
