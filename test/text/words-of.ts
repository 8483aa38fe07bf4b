import type { Word } from '../../src/artifacts/schemas/speech.js';

/**
 * Words from text for tests: 300 ms each, 100 ms apart; `|` makes a pause of 0.5 s, `||` of 1.5 s, `|||` of 3 s.
 */
export function wordsOf(text: string, options: { startUs?: number; spaces?: boolean } = {}): Word[] {
  const words: Word[] = [];
  let atUs = options.startUs ?? 0;
  for (const token of text.trim().split(/\s+/u).filter(Boolean)) {
    if (/^\|+$/u.test(token)) {
      atUs += [0, 400_000, 1_400_000, 2_900_000][token.length] ?? 0;
      continue;
    }
    words.push({ text: token, spaceBefore: (options.spaces ?? true) && words.length > 0, startUs: atUs, endUs: atUs + 300_000, confidence: 0.9 });
    atUs += 400_000;
  }
  return words;
}
