import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { xPublisher } from '../../src/publishers/x/index.js';
import { composeText } from '../../src/publishers/x/text.js';
import { weightOf } from '../../src/publishers/x/weight.js';
import { smallClip } from '../support/publish-context.js';
import { temporaryFolder } from '../support/temporary-folder.js';

function rules(changes: Parameters<typeof smallClip>[1], options: object): string[] {
  return xPublisher.check(smallClip(temporaryFolder(), changes), options).map(({ rule, severity }) => `${severity} ${rule}`);
}

/** Pieces of text with the weight that X's page on counting characters gives them. */
const pieces: fc.Arbitrary<{ text: string; weight: number }> = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'abcXYZ äöüßñ', 'ж', 'λ', 'ש', 'ع', '\n'), minLength: 1, maxLength: 8 }).map((text) => ({ text, weight: [...text].length })),
  fc.string({ unit: fc.constantFrom(...'日本語短編クリップ한국어中文、。'), minLength: 1, maxLength: 8 }).map((text) => ({ text, weight: 2 * [...text].length })),
  fc.constantFrom('👾', '🙋🏽', '👨‍🎤', '👨‍👩‍👧‍👦', '😀', '🇩🇪', '1️⃣', '❤️', '🏳️‍🌈').map((text) => ({ text: ` ${text} `, weight: 4 })),
  // A letter and a mark that compose to one character, and two that have no composition: NFC decides.
  fc.constantFrom({ text: 'e\u0301', weight: 1 }, { text: 'o\u0308', weight: 1 }, { text: 'q\u0301', weight: 2 }),
  fc.constantFrom('https://example.com', 'http://example.com/a/very/long/path?with=query&and=more#part', 'example.org', 'https://例え.jp/michi').map((address) => ({ text: ` ${address} `, weight: 25 })),
  fc.constantFrom(' “quoted” ', ' – ', ' … ').map((text) => ({ text, weight: text.length })),
);

describe('the weight of a text', () => {
  test.each([
    ['café', 4],
    ['cafe\u0301', 4],
    ['👾', 2],
    ['🙋🏽', 2],
    ['👨‍🎤', 2],
    ['👨‍👩‍👧‍👦', 2],
    ['https://example.com', 23],
    ['https://example.com/very/long/path', 23],
    ['see test.com and https://test.com', 55],
    ['日本', 4],
    ['𐀀', 2],
    ['…', 2],
    ['“”', 2],
    ['', 0],
  ])('%j weighs %d', (text, weight) => expect(weightOf(text)).toBe(weight));

  test('is the sum of its pieces', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        const text = parts.map((part) => part.text).join('');
        // The ellipsis is beyond the light ranges, unlike dashes and quotation marks.
        const heavy = text.split('…').length - 1;
        expect(weightOf(text)).toBe(parts.reduce((sum, { weight }) => sum + weight, 0) + heavy);
      }),
      { numRuns: 400 },
    );
  });
});

describe('the composed text', () => {
  const clips = fc.record({
    title: fc.array(pieces, { maxLength: 40 }).map((parts) => parts.map(({ text }) => text).join('')),
    description: fc.array(pieces, { maxLength: 120 }).map((parts) => parts.map(({ text }) => text).join('')),
    hashtags: fc.array(fc.constantFrom('#clips', '#短編', '#ai', '#été', '#a_long_tag_of_many_letters'), { maxLength: 20 }),
  });
  const template = '{title}\n\n{description}\n\n{hashtags}';

  test('always fits, and keeps everything where it does', () => {
    fc.assert(
      fc.property(clips, (clip) => {
        const { text, adjusted } = composeText(clip, template);
        expect(weightOf(text)).toBeLessThanOrEqual(280);
        expect(text).toBe(text.normalize('NFC').trim());
        if (adjusted.length === 0) for (const part of [clip.title, clip.description, ...clip.hashtags]) for (const word of part.normalize('NFC').split(/\s+/)) expect(text).toContain(word);
      }),
      { numRuns: 300 },
    );
  });

  test('loses as little as it can: one more word of the description would not fit', () => {
    const words = Array.from({ length: 100 }, (_, index) => `word${index}`);
    const { text, adjusted } = composeText({ title: 'Title', description: words.join(' '), hashtags: ['#one', '#two'] }, template);
    expect(adjusted).toEqual(['description shortened']);
    const kept = text.match(/word\d+/g) ?? [];
    expect(kept).toEqual(words.slice(0, kept.length));
    expect(text).toMatch(/^Title\n\nword0 .*word\d+…\n\n#one #two$/s);
    expect(weightOf(text) + weightOf(` ${words[kept.length]}`)).toBeGreaterThan(280);
  });

  test('never cuts an address, a family or a letter from its mark', () => {
    const address = 'https://example.com/a/long/path';
    const description = `${'x'.repeat(235)} ${address} end`;
    expect(composeText({ title: 'Title', description, hashtags: [] }, template).text).not.toMatch(/https:\/\/example(?!\.com\/a\/long\/path)/);
    const family = composeText({ title: '👨‍👩‍👧‍👦'.repeat(200), description: '', hashtags: [] }, template).text;
    expect(family).toBe(`${'👨‍👩‍👧‍👦'.repeat(139)}…`);
    expect(composeText({ title: 'q\u0301'.repeat(300), description: '', hashtags: [] }, template).text).toBe(`${'q\u0301'.repeat(139)}…`);
  });

  test('drops hashtags before it touches the title, and says so', () => {
    const title = `${'title '.repeat(44)}end`;
    expect(composeText({ title, description: 'Description', hashtags: ['#one', '#two', '#three'] }, template)).toEqual({ text: `${title}\n\n#one #two`, adjusted: ['description left out', 'hashtags left out'] });
  });

  test('leaves out what X refuses to read', () => {
    expect(composeText({ title: 'a\uFEFFb\u0000c\uD800d\te', description: 'one\r\ntwo', hashtags: [] }, template).text).toBe('abcd e\n\none\ntwo');
  });

  test('follows the template', () => {
    expect(composeText({ title: 'T', description: 'D', hashtags: ['#h'] }, 'New: {title} {hashtags}').text).toBe('New: T #h');
    expect(composeText({ title: 'T', description: '', hashtags: ['#h'] }, template).text).toBe('T\n\n#h');
  });
});

describe('the check before anything is sent', () => {
  test.each([
    [{}, {}, []],
    [{ sizeBytes: 5_000_000_001 }, {}, ['refused x.size.max']],
    [{ sizeBytes: 0 }, {}, ['refused x.size.empty']],
    [{ durationUs: 400_000 }, {}, ['refused x.duration.min']],
    [{ durationUs: 21 * 60_000_000 }, {}, ['refused x.duration.max']],
    [{ durationUs: 21 * 60_000_000 }, { premium: true }, []],
    [{ durationUs: 126 * 60_000_000 }, { premium: true }, ['refused x.duration.max']],
    [{ fps: 61 }, {}, ['refused x.fps.max']],
    [{ width: 400, height: 1920 }, {}, ['refused x.shape']],
    [{ title: 'word '.repeat(100) }, {}, ['adjusted x.text.description-left-out', 'adjusted x.text.hashtags-left-out', 'adjusted x.text.title-shortened']],
    [{ title: 'Buy $ABC and $DEF' }, {}, ['refused x.text.cashtags']],
    [{}, { text: 'x'.repeat(300) }, ['refused x.text.length']],
  ] as const)('%j with %j: %j', (changes, options, expected) => expect(rules(changes, options)).toEqual(expected));

  test('takes no setting that X does not have', () => {
    for (const options of [{ colour: 'red' }, { altText: 'x'.repeat(1001) }, { replySettings: 'nobody' }, { communityId: 'abc' }]) expect(xPublisher.options.safeParse(options).success).toBe(false);
  });
});
