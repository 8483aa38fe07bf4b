import { genericWords } from './stop-words.js';
import { isContentWord, stem, wordsOf } from './words.js';

/** A word or run of words that says what a text is about. */
export interface KeyPhrase {
  /** As most often written, spaces kept. */
  text: string;
  words: string[];
  weight: number;
}

/** A number with its counter (三秒) names an amount, not a subject. */
const countedThing = /^[一二三四五六七八九十百千万億\d]+[つ人個年月日時分秒回倍割円歳枚本度番]間?$/u;
const leadsNoun = /^(the|a|an|my|your|our|their|his|her|its|this|every|each|of|no|one|two|three|four|five|six|seven|eight|nine|ten)$/u;
const leadsVerb = /^(to|will|can|could|must|should|would|may|might|i|we|you|they|he|she|it|who|people|nobody|everybody|everyone|someone|not|don't|doesn't|didn't|cannot|can't|never|let|and)$/u;

/**
 * The key phrases of a text, best first: content words that are frequent here and rare elsewhere, and runs of them that
 * stand together. No tagger is used: in English the word before tells nouns ("the silence") from verbs ("to rehearse"), in
 * Japanese words with hiragana are taken for inflected ones and left out.
 *
 * @param rarity how rare a stem is in the whole source, larger is rarer; 1 when unknown
 */
export function keyPhrases(text: string, language: string, rarity: (stem: string) => number, limit: number): KeyPhrase[] {
  const weights = new Map<string, { weight: number; surfaces: Map<string, number> }>();
  const runs = new Map<string, { words: string[]; stems: string[]; uses: number }>();
  for (const clause of text.split(/[\p{P}\p{S}]*[.,;:!?。、！？…"“”「」()—–]+[\p{P}\p{S}]*/u)) {
    let run: string[] = [];
    let before = '';
    const words = wordsOf(clause, language);
    for (const [at, word] of words.entries()) {
      if (isContentWord(word, language) && !countedThing.test(word)) {
        weigh(weights, word, language, before, at > 0);
        run.push(word);
      }
      if (!isContentWord(word, language) || at === words.length - 1) {
        addRun(runs, run, language);
        run = [];
      }
      before = word.toLowerCase();
    }
  }
  const generic = genericWords(language);
  const singles = [...weights].filter(([key, { surfaces }]) => !/\p{L}'\p{L}|\p{Script=Hiragana}/u.test(key) && !generic.has(key) && ![...surfaces.keys()].some((surface) => generic.has(surface.toLowerCase()))).map(([key, { weight, surfaces }]): KeyPhrase => {
    const surface = [...surfaces].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
    return { text: surface, words: [surface], weight: weight * rarity(key) };
  });
  // A term ends in a noun: a run that ends in a generic word is a piece of a sentence.
  const phrases = [...runs.values()].filter(({ stems, words }) => !generic.has(stems.at(-1)!) && !generic.has(words.at(-1)!.toLowerCase())).map(({ words, stems, uses }): KeyPhrase => {
    const sum = stems.reduce((total, key) => total + weights.get(key)!.weight * rarity(key), 0);
    // A run said once may be chance; said twice it is a term.
    return { text: joined(words), words, weight: (sum / stems.length) * (uses > 1 ? 1.6 : 1.05) };
  });
  const sorted = [...phrases, ...singles].toSorted((a, b) => b.weight - a.weight || (a.text < b.text ? -1 : 1));
  const kept: KeyPhrase[] = [];
  const taken = new Set<string>();
  for (const phrase of sorted) {
    const stems = phrase.words.map((word) => stem(word, language));
    if (kept.length >= limit) break;
    if (stems.some((key) => taken.has(key))) continue;
    for (const key of stems) taken.add(key);
    kept.push(phrase);
  }
  return kept;
}

function weigh(weights: Map<string, { weight: number; surfaces: Map<string, number> }>, word: string, language: string, before: string, inside: boolean): void {
  const key = stem(word, language);
  const entry = weights.get(key) ?? { weight: 0, surfaces: new Map<string, number>() };
  let worth = 1;
  if (language === 'en') {
    if (leadsNoun.test(before)) worth *= 1.6;
    if (leadsVerb.test(before)) worth *= 0.5;
    if (key.endsWith('ly')) worth *= 0.3;
    if (/(ing|ed)$/u.test(key)) worth *= 0.6;
  }
  const name = inside && language !== 'de' && /^\p{Lu}/u.test(word);
  if (name) worth *= 1.5;
  entry.weight += worth;
  const bare = word.replace(/'s?$/u, '');
  const surface = name ? bare : bare.toLowerCase();
  entry.surfaces.set(surface, (entry.surfaces.get(surface) ?? 0) + 1);
  weights.set(key, entry);
}

function addRun(runs: Map<string, { words: string[]; stems: string[]; uses: number }>, run: readonly string[], language: string): void {
  // In Japanese, kanji and katakana that touch are one compound; hiragana words are not part of it.
  const generic = genericWords(language);
  const telling = run.findIndex((word) => !generic.has(word.toLowerCase()));
  const words = run.slice(Math.max(0, telling)).filter((word) => !/\p{Script=Hiragana}/u.test(word));
  if (words.length < 2 || words.length > 3 || words.length < run.length - Math.max(0, telling)) return;
  const stems = words.map((word) => stem(word, language));
  const key = stems.join(' ');
  const entry = runs.get(key) ?? { words: [...words], stems, uses: 0 };
  entry.uses += 1;
  runs.set(key, entry);
}

function joined(words: readonly string[]): string {
  return words.join(words.every((word) => /\p{Script=Han}|\p{Script=Katakana}/u.test(word)) ? '' : ' ');
}

/** `swimming pools` → `#SwimmingPools`, `沈黙` → `#沈黙`; null when nothing that may stand in a hashtag is left. */
export function hashtagOf(phrase: Pick<KeyPhrase, 'words'>): string | null {
  const words = phrase.words.map((word) => word.normalize('NFC').replace(/[^\p{L}\p{M}\p{N}_]/gu, '')).filter((word) => word !== '');
  const text = words.length === 1 ? words[0]! : words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
  return text.length < 2 || /^\p{N}+$/u.test(text) ? null : `#${text}`;
}
