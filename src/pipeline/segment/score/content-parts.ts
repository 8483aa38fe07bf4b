import { countDevice, type Device } from '../../../text/rhetoric.js';
import { ramp, type Scored } from './parts.js';

/** 0…6: 2 for each opposition ("not this but that"). */
export function contrast(scored: Scored): number {
  return Math.min(6, 2 * count('contrast', scored));
}

/** 0…4: 1 for each figure. */
export function numbers(scored: Scored): number {
  return Math.min(4, count('numbers', scored));
}

/** 0…3: 1.5 for each quotation or reported saying. */
export function quote(scored: Scored): number {
  return Math.min(3, 1.5 * count('quotes', scored));
}

/** −9…0: 3 for each greeting, thanks or matter of procedure. */
export function housekeeping(scored: Scored): number {
  return -Math.min(9, 3 * count('housekeeping', scored));
}

/** 0…8: content words per second of the clip, against speech in the whole source. */
export function density({ window, lines, background }: Scored): number {
  const words = lines.reduce((sum, line) => sum + line.content.length, 0);
  const perSecond = (words * 1_000_000) / (window.endUs - window.startUs);
  return ramp(perSecond / Math.max(0.01, background.contentPerSecond), 0.5, 1.1, 8);
}

/** 0…6: how rare its content words are in the source, against the mean. */
export function novelty({ lines, background }: Scored): number {
  let sum = 0;
  let words = 0;
  for (const line of lines) {
    for (const word of line.content) sum += background.rarity.get(word) ?? 0;
    words += line.content.length;
  }
  return words === 0 ? 0 : ramp(sum / words / Math.max(0.1, background.meanRarity), 0.8, 1.15, 6);
}

/** 0…6: words used again and again here and seldom elsewhere: it is about one thing. */
export function focus({ lines, background }: Scored): number {
  const here = new Map<string, number>();
  for (const line of lines) for (const word of line.content) here.set(word, (here.get(word) ?? 0) + 1);
  let themes = 0;
  for (const [word, uses] of here) if (uses >= 2) themes += uses / background.counts.get(word)!;
  return ramp(themes, 0, 4, 6);
}

/** −8…0: 2 for each hesitation. */
export function fillers({ lines }: Scored): number {
  return -Math.min(8, 2 * lines.reduce((sum, line) => sum + line.fillers, 0));
}

/** −8…0: words that were heard badly: from a mean confidence of 0.75 down to 0.35. */
export function confidence({ lines }: Scored): number {
  const words = lines.reduce((sum, line) => sum + line.lastWord - line.firstWord + 1, 0);
  const mean = lines.reduce((sum, line) => sum + line.confidence * (line.lastWord - line.firstWord + 1), 0) / Math.max(1, words);
  return -ramp(-mean, -0.75, -0.35, 8) || 0;
}

function count(device: Device, { lines, text }: Scored): number {
  return countDevice(device, text, lines[0]!.language);
}
