import { joinWords } from '../../../text/sentences.js';
import { countDevice } from '../../../text/rhetoric.js';
import { ramp, type Scored } from './parts.js';

const hookUs = 3_000_000;

/** 0…20: does the opening make one want to hear on? The first sentence, as far as it falls into the first 3 s. */
export function hook({ talk, lines, background }: Scored): number {
  const first = lines[0]!;
  const endUs = first.startUs + hookUs;
  let last = first.firstWord;
  while (last < first.lastWord && talk.words[last + 1]!.startUs < endUs) last += 1;
  const heard = joinWords(talk.words, first.firstWord, last);
  const rarity = first.content.reduce((sum, word) => sum + (background.rarity.get(word) ?? 0), 0) / Math.max(1, first.content.length);
  const points =
    (first.question && first.endUs - first.startUs <= 2 * hookUs ? 7 : 0) +
    Math.min(4, 2 * countDevice('strong', heard, first.language)) +
    (countDevice('numbers', heard, first.language) > 0 ? 3 : 0) +
    (countDevice('address', heard, first.language) > 0 ? 3 : 0) +
    (countDevice('contrast', first.text, first.language) > 0 ? 2 : 0) +
    (first.endUs - first.startUs <= 4_000_000 && first.content.length > 0 ? 2 : 0) +
    (first.content.length > 0 ? ramp(rarity / Math.max(0.1, background.meanRarity), 0.7, 1.3, 4) : 0);
  return Math.min(20, points);
}

/** −2…3: louder or quieter in its first 3 s than the source as a whole, in LU. */
export function energy({ talk, lines }: Scored): number {
  const { integratedLufs, hopUs, momentaryLufs } = talk.loudness;
  if (integratedLufs === null) return 0;
  const from = Math.floor(lines[0]!.startUs / hopUs);
  const heard = momentaryLufs.slice(from, from + Math.ceil(hookUs / hopUs)).filter((level) => level > -70);
  if (heard.length === 0) return 0;
  const mean = heard.reduce((sum, level) => sum + level, 0) / heard.length;
  return Math.min(3, Math.max(-2, (mean - integratedLufs) / 2));
}

/** −12…0: the first words lean on what was said before ("But …", "He …"). */
export function opening({ lines }: Scored): number {
  const first = lines[0]!;
  // A pronoun that asks ("Is it …") or stands beside a rare noun of its own is half explained.
  if (first.opening?.kind === 'hard') return -12;
  if (first.opening?.kind === 'soft') return first.content.length >= 3 ? -4 : -7;
  return 0;
}
