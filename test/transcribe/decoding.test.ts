import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Word } from '../../src/artifacts/schemas/speech.js';
import { believableWords } from '../../src/pipeline/transcribe/recogniser/believable.js';
import { isKnownLanguage } from '../../src/pipeline/transcribe/recogniser/languages.js';
import { envelopeOf, findPauses } from '../../src/pipeline/transcribe/recogniser/pauses.js';
import { pickToken } from '../../src/pipeline/transcribe/recogniser/pick-token.js';
import { piecesToWords } from '../../src/pipeline/transcribe/recogniser/piece-words.js';
import { isLooping } from '../../src/pipeline/transcribe/recogniser/repetition.js';
import { seededRandom } from '../../src/pipeline/transcribe/recogniser/seeded-random.js';
import { settleWords } from '../../src/pipeline/transcribe/recogniser/settle-words.js';
import { type Piece, tokenPieces } from '../../src/pipeline/transcribe/recogniser/token-pieces.js';
import { longestUnheardUs } from '../../src/pipeline/transcribe/recogniser/unheard.js';
import { readWhisperConfig } from '../../src/pipeline/transcribe/recogniser/whisper-config.js';
import { modelsDir } from './test-run.js';

/** One piece a list entry, 100 ms each. */
const piecesOf = (...texts: string[]): Piece[] => texts.map((text, i) => ({ text, startUs: i * 100_000, endUs: (i + 1) * 100_000, confidence: 1 - i / 100 }));
const wordsOf = (text: string): Word[] => text.split(' ').map((word, i) => ({ text: word, spaceBefore: i > 0, startUs: i * 300_000, endUs: (i + 1) * 300_000, confidence: 1 }));
const textOf = (words: readonly Word[]): string => words.map((word) => (word.spaceBefore ? ' ' : '') + word.text).join('');

const tone = (seconds: number): number[] => Array.from({ length: seconds * 16_000 }, (_, i) => 0.3 * Math.sin(i / 5));
const quiet = (seconds: number): number[] => Array.from({ length: seconds * 16_000 }, () => 0);

const letters = (text: string): string => text.replaceAll(/\s/gu, '');
const wordAt = (startUs: number, endUs: number): Word => ({ text: 'word', spaceBefore: true, startUs, endUs, confidence: 1 });

describe('tokens become words', () => {
  it('joins the bytes of one character from several tokens', () => {
    const bytes = [...Buffer.from('猫だ')].map((byte) => Uint8Array.of(byte));
    const pieces = tokenPieces(bytes, [0, 1, 2, 3, 4, 5], [1, 0.5, 1, 1, 1, 1], [0, 10, 20, 30, 40, 50, 60]);
    expect(pieces).toEqual([
      { text: '猫', startUs: 0, endUs: 30, confidence: 0.5 },
      { text: 'だ', startUs: 30, endUs: 60, confidence: 1 },
    ]);
  });

  it('leaves out bytes that never become a character', () => {
    const bytes = [Uint8Array.of(0xe7), ...['a', 'b', 'c', 'd'].map((letter) => Buffer.from(letter))];
    const pieces = tokenPieces(bytes, [0, 1, 2, 3, 4], [1, 1, 1, 1, 1], [0, 1, 2, 3, 4, 5]);
    expect(pieces.map(({ text }) => text)).toEqual(['d']);
  });

  it('glues continuations and punctuation, and keeps the least confidence', () => {
    const words = piecesToWords(piecesOf(' Self', '-sub', 'stantial', ',', ' fuel', '."', ' ¿', 'Qué', '?'), 'en');
    expect(words.map(({ text }) => text)).toEqual(['Self-substantial,', 'fuel."', '¿Qué?']);
    expect(words[0]).toMatchObject({ startUs: 0, endUs: 400_000, confidence: 0.97, spaceBefore: false });
    expect(words[1]).toMatchObject({ spaceBefore: true, startUs: 400_000 });
  });

  it('finds Japanese words by dictionary, punctuation and brackets attached, without spaces', () => {
    const words = piecesToWords(piecesOf('今日', 'は', '、', '「', '短い', '動', '画', '」', 'の', '話', 'です', '。'), 'ja');
    expect(words.map(({ text }) => text)).toEqual(['今日', 'は、', '「短い', '動画」', 'の', '話', 'です。']);
    expect(words.every(({ spaceBefore }) => !spaceBefore)).toBe(true);
    expect(words[2]).toMatchObject({ startUs: 300_000, endUs: 500_000 });
  });

  it('keeps every letter, whatever the pieces', () => {
    const piece = fc.string({ unit: fc.constantFrom('a', 'é', ' ', ',', '.', '-', '日', 'の', '「', '」', '1', "'") , minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.constantFrom('en', 'ja'), (texts, language) => {
        const words = piecesToWords(piecesOf(...texts), language);
        expect(letters(words.map(({ text }) => text).join(''))).toBe(letters(texts.join('')));
        for (const [i, word] of words.entries()) {
          expect(word.text.trim()).toBe(word.text);
          expect(word.startUs).toBeGreaterThanOrEqual(words[i - 1]?.startUs ?? 0);
        }
      }),
    );
  });
});

describe('what is not believed', () => {
  it('drops descriptions of sounds', () => {
    expect(textOf(believableWords(wordsOf('[Music] Hello (audience laughs) there. ♪ la la ♪'), 9e6)).trim()).toBe('Hello there.');
  });

  it('says a phrase once that is said over and over, and leaves what people do say', () => {
    expect(textOf(believableWords(wordsOf('so thank you thank you thank you thank you thank you bye'), 9e6))).toBe('so thank you bye');
    expect(textOf(believableWords(wordsOf('no no no no never'), 9e6))).toBe('no no no no never');
  });

  it('drops text that nobody could say in that time', () => {
    expect(believableWords(wordsOf('a whole long sentence that was never said at all'), 200_000)).toEqual([]);
    expect(believableWords(wordsOf('Yes.'), 200_000)).toHaveLength(1);
  });

  it('notices a decoder that has lost its place', () => {
    const phrase = [5, 6, 7, 8, 9];
    expect(isLooping([1, 2, 3, ...Array.from({ length: 5 }, () => phrase).flat()])).toBe(true);
    expect(isLooping([1, 2, 3, ...phrase, ...phrase, ...phrase])).toBe(false);
    expect(isLooping(Array.from({ length: 60 }, (_, i) => i % 31))).toBe(false);
  });

  it('notices speech that no word accounts for', () => {
    const islands = [{ startUs: 0, endUs: 3e6 }];
    expect(longestUnheardUs([wordAt(0, 0.5e6), wordAt(0.5e6, 1e6), wordAt(2.5e6, 3e6)], islands)).toBe(1.5e6);
    // The word before a missing phrase is drawn out over it.
    expect(longestUnheardUs([wordAt(0, 0.5e6), wordAt(0.5e6, 2.5e6), wordAt(2.5e6, 3e6)], islands)).toBeGreaterThan(1e6);
  });
});

describe('word times', () => {
  const sound = Float32Array.from([...quiet(0.5), ...tone(1), ...quiet(0.5), ...tone(1)]);

  it('finds the pauses of the sound', () => {
    const pauses = findPauses(envelopeOf(sound));
    expect(pauses).toHaveLength(2);
    expect(Math.abs((pauses[1]?.startUs ?? 0) - 1.5e6)).toBeLessThan(20_000);
    expect(Math.abs((pauses[1]?.endUs ?? 0) - 2e6)).toBeLessThan(20_000);
  });

  it('leave pauses, keep their order and stay inside the chunk', () => {
    const word = fc.tuple(fc.integer({ min: 0, max: 3_000_000 }), fc.integer({ min: 0, max: 900_000 }));
    const envelope = envelopeOf(sound);
    const pauses = findPauses(envelope);
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (spans) => {
        const words = spans.toSorted((a, b) => a[0] - b[0]).map(([startUs, length]) => ({ text: 'w', spaceBefore: true, startUs, endUs: startUs + length, confidence: 1 }));
        const settled = settleWords(words, envelope, 50_000, 3_000_000);
        for (const [i, { startUs, endUs }] of settled.entries()) {
          expect(Number.isInteger(startUs) && Number.isInteger(endUs)).toBe(true);
          expect(startUs).toBeGreaterThanOrEqual(settled[i - 1]?.endUs ?? 0);
          expect(endUs).toBeGreaterThan(startUs);
          expect(endUs).toBeLessThanOrEqual(3_000_000);
        }
      }),
    );
    const [first, second] = settleWords(
      [
        { text: 'drawn', spaceBefore: false, startUs: 0, endUs: 1_900_000, confidence: 1 },
        { text: 'late', spaceBefore: true, startUs: 1_900_000, endUs: 2_900_000, confidence: 1 },
      ],
      envelope,
      0,
      3_000_000,
    );
    expect(first?.startUs).toBe(pauses[0]?.endUs);
    expect(first?.endUs).toBe(pauses[1]?.startUs);
    expect(second?.startUs).toBe(pauses[1]?.endUs);
  });
});

describe('choosing tokens', () => {
  it('takes the likeliest, and draws the same numbers on every run', () => {
    const logits = Float32Array.of(1, 3, 2, 9);
    expect(pickToken(logits, 3, 0, () => 0)).toMatchObject({ token: 1 });
    const draws = (): number[] => {
      const random = seededRandom(1);
      return Array.from({ length: 20 }, () => pickToken(logits, 3, 1, random).token);
    };
    expect(draws()).toEqual(draws());
    expect(new Set(draws()).size).toBeGreaterThan(1);
    expect(pickToken(logits, 4, 0, () => 0).logProbability).toBeCloseTo(9 - Math.log(Math.exp(1) + Math.exp(3) + Math.exp(2) + Math.exp(9)), 5);
  });

  it('knows exactly the languages the model knows', async () => {
    const { languages } = await readWhisperConfig(`${modelsDir}whisper-base/base-model.json`);
    expect(Object.keys(languages)).toHaveLength(99);
    for (const code of Object.keys(languages)) expect(isKnownLanguage(code)).toBe(true);
    expect(isKnownLanguage('xx')).toBe(false);
  });
});
