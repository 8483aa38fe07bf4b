import { joinWords } from '../../../text/sentences.js';
import { countDevice, type Device } from '../../../text/rhetoric.js';
import { ramp, type Scored } from './parts.js';

const hookUs = 3_000_000;

/** 0…20: does the opening make one want to hear on? What is said in the first 3 s, and the sentences begun in them. */
export function hook({ talk, lines, background }: Scored): number {
  const first = lines[0]!;
  const endUs = first.startUs + hookUs;
  const begun = lines.filter((line) => line === first || line.startUs <= endUs - 500_000);
  let lastWord = first.firstWord;
  while (lastWord < begun.at(-1)!.lastWord && talk.words[lastWord + 1]!.startUs < endUs) lastWord += 1;
  const heard = joinWords(talk.words, first.firstWord, lastWord);
  const content = begun.flatMap((line) => line.content);
  const rarity = content.reduce((sum, word) => sum + (background.rarity.get(word) ?? 0), 0) / Math.max(1, content.length);
  const has = (device: Device): boolean => countDevice(device, heard, first.language) > 0;
  const points =
    (begun.some((line) => line.question && line.endUs - line.startUs <= 2 * hookUs) ? 7 : 0) +
    Math.min(4, 2 * countDevice('strong', heard, first.language)) +
    (has('numbers') ? 3 : 0) +
    (has('address') ? 3 : 0) +
    (countDevice('contrast', begun.map((line) => line.text).join(' '), first.language) > 0 ? 2 : 0) +
    (first.endUs - first.startUs <= 4_000_000 && first.content.length > 0 ? 2 : 0) +
    (content.length > 0 ? ramp(rarity / Math.max(0.1, background.meanRarity), 0.7, 1.3, 4) : 0);
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

/** −12…0: the first words lean on what was said before ("But …", "He …"), or are the middle of a sentence. */
export function opening({ lines }: Scored): number {
  const first = lines[0]!;
  if (first.opening?.kind === 'hard' || first.fragment.start) return -12;
  // A pronoun beside nouns of its own is half explained.
  if (first.opening?.kind === 'soft') return first.content.length >= 3 ? -4 : -7;
  return 0;
}
