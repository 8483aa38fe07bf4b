import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildSentences, joinWords } from '../../src/text/sentences.js';
import { wordsOf } from './words-of.js';

const split = (text: string, language = 'en') => buildSentences(wordsOf(text, { spaces: language !== 'ja' }), language).map((sentence) => sentence.text);

describe('buildSentences', () => {
  it('ends at marks, also inside closing quotes and in other scripts', () => {
    expect(split('Stop. Why? "Because!" He left… Then')).toEqual(['Stop.', 'Why?', '"Because!"', 'He left…', 'Then']);
    expect(split('مرحبا؟ نعم। Ναι.', 'ar')).toHaveLength(3);
  });

  it('does not end after titles, initials, e.g. and decimals', () => {
    expect(split('And Mr. John Dashwood met Dr. Who.')).toHaveLength(1);
    expect(split('We met John F. Kennedy and J. K. Rowling.')).toHaveLength(1);
    expect(split('Fruit, e.g. Apples, cost 17.4 percent more, i.e. too much.')).toHaveLength(1);
    expect(split('Am 3. Mai kam er. Dann nicht.', 'de')).toHaveLength(2);
  });

  it('lets the next word decide after abbreviations that may stand last', () => {
    expect(split('He works for Acme Inc. They sell hats.')).toHaveLength(2);
    expect(split('He came at 5 p.m. on Monday.')).toHaveLength(1);
    expect(split('We took plan B. Then we left.')).toEqual(['We took plan B.', 'Then we left.']);
  });

  it('reads an ellipsis or a small letter on', () => {
    expect(split('The second time you... sorry. Let me start.')).toEqual(['The second time you... sorry.', 'Let me start.']);
    expect(split('"Wait!" he cried. Then he went. So it was.')).toHaveLength(3);
  });

  it('splits text typed in small letters all the same', () => {
    expect(split('this is it. and then we go. fine.')).toHaveLength(3);
  });

  it('ends at a pause of 1.2 s without a mark, after a comma only at 2 s', () => {
    expect(split('no marks here || and more there')).toEqual(['no marks here', 'and more there']);
    expect(split('a comma, || and more')).toHaveLength(1);
    expect(split('a comma, ||| and more')).toHaveLength(2);
    expect(split('a short | pause')).toHaveLength(1);
  });

  it('handles Japanese with and without marks', () => {
    expect(split('今日 は 晴れ です。 では、 どう する の でしょう か。', 'ja')).toEqual(['今日は晴れです。', 'では、どうするのでしょうか。']);
    expect(split('今日 は 晴れ です | 次 に 行き ます', 'ja')).toEqual(['今日は晴れです', '次に行きます']);
  });

  it('cuts an over-long sentence at its best pause', () => {
    const long = Array.from({ length: 70 }, (_, index) => (index === 34 ? 'word, |' : 'word')).join(' ');
    expect(split(long)).toHaveLength(2);
    expect(split('')).toEqual([]);
  });

  it('covers every word exactly once, in order, with joined text', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'Mr.', 'b.', 'C?', 'd,', '…', 'です', '3.'), fc.integer({ min: 0, max: 3_000_000 })), { maxLength: 120 }), (tokens) => {
        let atUs = 0;
        const words = tokens.map(([text, gapUs]) => {
          const startUs = atUs + gapUs;
          atUs = startUs + 300_000;
          return { text, spaceBefore: true, startUs, endUs: atUs, confidence: 1 };
        });
        const sentences = buildSentences(words, 'en');
        let next = 0;
        for (const sentence of sentences) {
          expect(sentence.firstWord).toBe(next);
          expect(sentence.lastWord).toBeGreaterThanOrEqual(next);
          expect(sentence.text).toBe(joinWords(words, sentence.firstWord, sentence.lastWord));
          next = sentence.lastWord + 1;
        }
        expect(next).toBe(words.length);
      }),
    );
  });
});
