import type { Talk } from '../talk.js';

/** The whole source as a measure for its parts. */
export interface Background {
  /** Uses of each content word in the whole source. */
  counts: ReadonlyMap<string, number>;
  /** Inverse sentence frequency of each content word, in nats. */
  rarity: ReadonlyMap<string, number>;
  /** Mean rarity over all uses. */
  meanRarity: number;
  /** Content words per second of speech in the whole source. */
  contentPerSecond: number;
}

export function backgroundOf(talk: Talk): Background {
  const counts = new Map<string, number>();
  const inLines = new Map<string, number>();
  let uses = 0;
  let spokenUs = 0;
  for (const line of talk.lines) {
    for (const word of line.content) counts.set(word, (counts.get(word) ?? 0) + 1);
    for (const word of new Set(line.content)) inLines.set(word, (inLines.get(word) ?? 0) + 1);
    uses += line.content.length;
    spokenUs += line.endUs - line.startUs;
  }
  const rarity = new Map([...inLines].map(([word, lines]) => [word, Math.log((talk.lines.length + 1) / lines)]));
  let sum = 0;
  for (const [word, count] of counts) sum += count * rarity.get(word)!;
  return { counts, rarity, meanRarity: sum / Math.max(1, uses), contentPerSecond: (uses * 1_000_000) / Math.max(1, spokenUs) };
}
