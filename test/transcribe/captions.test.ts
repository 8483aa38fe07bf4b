import * as fc from 'fast-check';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Source } from '../../src/artifacts/schemas/source.js';
import type { Word } from '../../src/artifacts/schemas/speech.js';
import { cueWords } from '../../src/pipeline/transcribe/captions/cue-words.js';
import { findCaptions } from '../../src/pipeline/transcribe/captions/find-captions.js';
import { parseWordsFile } from '../../src/pipeline/transcribe/captions/words-file.js';

const read = (value: unknown, language = 'en'): Word[] => parseWordsFile(typeof value === 'string' ? value : JSON.stringify(value), 'talk.json', 60_000_000, language);
const textOf = (words: readonly Word[]): string => words.map((word) => (word.spaceBefore ? ' ' : '') + word.text).join('');

const list = (...texts: string[]): unknown => ({ words: texts.map((text, i) => ({ text, start: i, end: i + 1 })) });

describe('a word list', () => {
  it('is read in the plain form', () => {
    expect(
      read({
        language: 'en',
        words: [
          { text: 'Hello', start: 1, end: 1.5 },
          { text: 'there.', start: 1.5, end: 2, confidence: 0.4 },
        ],
      }),
    ).toEqual([
      { text: 'Hello', spaceBefore: false, startUs: 1_000_000, endUs: 1_500_000, confidence: 1 },
      { text: 'there.', spaceBefore: true, startUs: 1_500_000, endUs: 2_000_000, confidence: 0.4 },
    ]);
  });

  it('is read in the forms of whisper and whisperX, words without times between their neighbours', () => {
    const words = read({
      segments: [
        { start: 0, words: [{ word: ' In', start: 0, end: 0.2, probability: 0.9 }, { word: ' 2024', score: 0.5 }, { word: ' it', start: 0.8, end: 1 }] },
        { start: 1, words: [{ word: ' rained', start: 1, end: 1.4 }, { word: '.', start: 1.4, end: 1.4 }] },
      ],
    });
    expect(textOf(words)).toBe('In 2024 it rained.');
    expect(words[1]).toMatchObject({ startUs: 200_000, endUs: 800_000, confidence: 0.5 });
  });

  it('joins fragments, whether or not the tool writes spaces', () => {
    expect(textOf(read(list(' Der', ' YouTube', '-Kanal', '.', ' Und')))).toBe('Der YouTube-Kanal. Und');
    expect(textOf(read(list('hello', 'there', ',', 'friend', "'s", 'dog')))).toBe("hello there, friend's dog");
    expect(textOf(read(list('今日', 'は', '、', '晴れ'), 'ja'))).toBe('今日は、晴れ');
  });

  it.each([
    ['not JSON', '{"words": ['],
    ['no words', { words: [] }],
    ['a word without text', { words: [{ start: 0, end: 1 }] }],
    ['times that are text', { words: [{ text: 'a', start: '0', end: '1' }] }],
    ['negative times', { words: [{ text: 'a', start: -1, end: 1 }] }],
    ['a word that ends before it starts', { words: [{ text: 'a', start: 2, end: 1 }] }],
    ['milliseconds for seconds', { words: [{ text: 'a', start: 1000, end: 59_000 }] }],
    ['no times at all', { words: [{ text: 'a' }, { text: 'b' }] }],
  ])('is refused: %s', (_, value) => {
    expect(() => read(value)).toThrow(expect.objectContaining({ code: 'CAPTIONS_INVALID', message: expect.stringContaining('talk.json'), remedy: expect.any(String) }));
  });

  it('gives words in order whatever order it has', () => {
    const word = fc.record({ text: fc.constantFrom('a', 'b.', ' c'), start: fc.double({ min: 0, max: 50, noNaN: true }), length: fc.double({ min: 0, max: 5, noNaN: true }) });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 30 }), (given) => {
        const words = read({ words: given.map(({ text, start, length }) => ({ text, start, end: start + length })) });
        for (const [i, { startUs, endUs }] of words.entries()) {
          expect(startUs).toBeGreaterThanOrEqual(words[i - 1]?.endUs ?? 0);
          expect(endUs).toBeGreaterThan(startUs);
        }
      }),
    );
  });
});

describe('captions with times for whole cues', () => {
  const islands = [
    { startUs: 1_000_000, endUs: 2_000_000 },
    { startUs: 3_000_000, endUs: 4_000_000 },
  ];

  it('share the speech inside a cue by length, no word in a pause', () => {
    const words = cueWords([{ startUs: 500_000, endUs: 4_500_000, text: 'aaaa bbbb\ncccc dddd' }], islands, 'en', 60_000_000);
    expect(words.map(({ text, startUs, endUs }) => [text, startUs, endUs])).toEqual([
      ['aaaa', 1_000_000, 1_500_000],
      ['bbbb', 1_500_000, 2_000_000],
      ['cccc', 3_000_000, 3_500_000],
      ['dddd', 3_500_000, 4_000_000],
    ]);
  });

  it('leave out sounds and names of speakers', () => {
    const cues = [
      { startUs: 0, endUs: 2_000_000, text: '[applause]\nANNA: Good evening (laughs)' },
      { startUs: 3_000_000, endUs: 4_000_000, text: '- Hello.\n>> Hi.' },
      { startUs: 5_000_000, endUs: 6_000_000, text: '♪ la la la ♪' },
    ];
    expect(textOf(cueWords(cues, islands, 'en', 60_000_000))).toBe('Good evening Hello. Hi.');
  });

  it('take rolling captions once', () => {
    const cues = ['one two', 'one two\nthree four', 'three four', 'three four\nfive'].map((text, i) => ({ startUs: i * 1_000_000, endUs: (i + 1) * 1_000_000, text }));
    expect(textOf(cueWords(cues, [], 'en', 60_000_000))).toBe('one two three four five');
  });

  it('cut Japanese into words', () => {
    const words = cueWords([{ startUs: 1_000_000, endUs: 2_000_000, text: '今日は、\n晴れです。' }], islands, 'ja', 60_000_000);
    expect(words.map(({ text }) => text)).toEqual(['今日', 'は、', '晴れ', 'です。']);
    expect(words.some(({ spaceBefore }) => spaceBefore)).toBe(false);
  });

  it('stop at the end of the source', () => {
    const words = cueWords([{ startUs: 1_000_000, endUs: 90_000_000, text: 'a b' }, { startUs: 70_000_000, endUs: 80_000_000, text: 'c' }], [], 'en', 60_000_000);
    expect(textOf(words)).toBe('a b');
    expect(words.at(-1)?.endUs).toBeLessThanOrEqual(60_000_000);
  });
});

describe('captions beside a source', () => {
  let dir: string;
  const source = { captions: [{ kind: 'cues', origin: 'track', name: 'stream 3', streamIndex: 3 }] } as unknown as Source;

  const names = async (wanted: string): Promise<string[]> => (await findCaptions(dir, join(dir, 'talk.mp4'), source, wanted)).map(({ name }) => name);

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'snvg-captions-'));
    for (const name of ['talk.srt', 'talk.de.srt', 'talk.en-GB.vtt', 'talk.edited.srt', 'other.srt', 'talk.mp4', 'talk.txt']) await writeFile(join(dir, name), '');
  });
  afterAll(() => rm(dir, { recursive: true }));

  it('are found by name, the wanted language first, tracks last', async () => {
    expect(await names('auto')).toEqual(['talk.srt', 'talk.de.srt', 'talk.en-GB.vtt', 'stream 3']);
    expect(await names('en')).toEqual(['talk.en-GB.vtt', 'talk.srt', 'talk.de.srt', 'stream 3']);
  });

  it('with word times come first, and other JSON is no word list', async () => {
    await writeFile(join(dir, 'talk.json'), JSON.stringify({ uploader: 'someone', duration: 3 }));
    expect((await findCaptions(dir, join(dir, 'talk.mp4'), source, 'auto'))[0]?.kind).toBe('cues');
    await writeFile(join(dir, 'talk.json'), JSON.stringify({ language: 'pt', words: [] }));
    expect((await findCaptions(dir, join(dir, 'talk.mp4'), source, 'auto'))[0]).toMatchObject({ kind: 'words', name: 'talk.json', language: 'pt' });
  });

  it('are none where the folder cannot be read', async () => {
    expect(await findCaptions(join(dir, 'nowhere'), join(dir, 'talk.mp4'), { ...source, captions: [] }, 'auto')).toEqual([]);
  });
});
