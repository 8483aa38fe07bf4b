import { array, assert, constantFrom, integer, nat, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Word } from '../../src/artifacts/schemas/speech.js';
import { applyEdits } from '../../src/captions/apply-edits.js';
import { joinWords } from '../../src/captions/atoms.js';
import { parseSrt } from '../../src/captions/parse-srt.js';
import { subtitleCues } from '../../src/captions/subtitle-cues.js';
import { writeSrt } from '../../src/captions/write-cues.js';
import { fixtureTranscript } from '../render/render-run.js';

function timed(texts: readonly string[], space = true): Word[] {
  return texts.map((text, n) => ({ text, spaceBefore: space && n > 0, startUs: n * 400_000, endUs: n * 400_000 + 300_000, confidence: 0.4 }));
}
const cue = (text: string) => [{ startUs: 0, endUs: 10_000_000, text }];

const spoken = array(record({ text: constantFrom('one', 'two,', 'three.', 'Kanal', 'Łódź', '<b>', '&'), gapMs: integer({ min: 0, max: 3000 }), lengthMs: integer({ min: 40, max: 900 }), space: nat(5) }), { minLength: 1, maxLength: 30 }).map(
  (items) => {
    let atMs = 0;
    return items.map(({ text, gapMs, lengthMs, space }, n): Word => {
      const startUs = (atMs + gapMs) * 1000;
      atMs += gapMs + lengthMs;
      return { text, spaceBefore: n === 0 || space > 0, startUs, endUs: atMs * 1000, confidence: 0.5 };
    });
  },
);

describe('hand-edited captions', () => {
  it('that were not edited change nothing', () => {
    assert(
      property(spoken, (words) => {
        const durationUs = words.at(-1)!.endUs + 100_000;
        expect(applyEdits(words, parseSrt(writeSrt(subtitleCues(words, 'en', durationUs))), 'en')).toEqual(words);
      }),
    );
    for (const [name, language] of [['talk', 'en'], ['short-ja', 'ja']] as const) {
      const { words } = fixtureTranscript(name, language);
      expect(applyEdits(words, parseSrt(writeSrt(subtitleCues(words, language, 300_000_000))), language)).toEqual(words);
    }
  });

  it('keep the times when a word is corrected', () => {
    const words = timed(['I', 'red', 'a', 'buck.']);
    const edited = applyEdits(words, cue('I read a\nbook.'), 'en');
    expect(edited.map(({ text, startUs, endUs }) => [text, startUs, endUs])).toEqual([['I', 0, 300_000], ['read', 400_000, 700_000], ['a', 800_000, 1_100_000], ['book.', 1_200_000, 1_500_000]]);
    expect(edited.map(({ confidence }) => confidence)).toEqual([0.4, 1, 0.4, 1]);
  });

  it('spread what has more or fewer words over the same time, and leave the others alone', () => {
    const words = timed(['we', 'went', 'too', 'the', 'sea', 'side']);
    const edited = applyEdits(words, cue('we went to see the seaside'), 'en');
    expect(joinWords(edited)).toBe('we went to see the seaside');
    expect(edited.slice(0, 2)).toEqual(words.slice(0, 2));
    expect(edited[4]).toEqual(words[3]);
    expect(edited[5]).toMatchObject({ text: 'seaside', startUs: 1_600_000, endUs: 2_300_000 });
    expect(edited[2]!.startUs).toBe(800_000);
    expect(edited[3]!.endUs).toBe(1_100_000);
  });

  it('delete words, whole captions, and take in new ones', () => {
    const words = timed(['a', 'b', 'c', 'd']);
    expect(joinWords(applyEdits(words, cue('a d'), 'en'))).toBe('a d');
    expect(joinWords(applyEdits(words, [{ startUs: 700_000, endUs: 2_000_000, text: 'c d' }], 'en'))).toBe('c d');
    const added = applyEdits(words, cue('a b c d e f'), 'en');
    expect(joinWords(added)).toBe('a b c d e f');
    expect(added.every((word, n) => word.endUs > word.startUs && word.startUs >= (added[n - 1]?.startUs ?? 0))).toBe(true);
    const squeezed = applyEdits(timed(['a', 'b']).map((word, n) => ({ ...word, endUs: (n + 1) * 400_000 })), cue('a x b'), 'en');
    expect(joinWords(squeezed)).toBe('a x b');
    expect(squeezed.every(({ startUs, endUs }) => endUs > startUs)).toBe(true);
  });

  it('work in Japanese without spaces', () => {
    const words = timed(['今日', 'は', '短い', '動画', 'です。'], false);
    const edited = applyEdits(words, cue('今日は長い\n映画です。'), 'ja');
    expect(joinWords(edited)).toBe('今日は長い映画です。');
    expect(edited.slice(0, 2)).toEqual(words.slice(0, 2));
    expect(edited.at(-1)).toEqual(words.at(-1));
    expect(edited.every(({ spaceBefore }) => !spaceBefore)).toBe(true);
  });
});
