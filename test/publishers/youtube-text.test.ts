import { type Arbitrary, array, assert, constantFrom, integer, oneof, property, string, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PublishableClip } from '../../src/publishers/publisher.js';
import { youtubePublisher } from '../../src/publishers/youtube/index.js';
import { shorten } from '../../src/publishers/youtube/shorten.js';
import { tagUnits, youtubeText } from '../../src/publishers/youtube/text.js';
import { readSnippet } from '../../src/sandbox/youtube/metadata.js';

const family = '👨‍👩‍👧‍👦';
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** What titles are made of, and what breaks naive counting. */
const bit = oneof(
  constantFrom('word', 'naïve', 'e\u0301', 'a\u0300\u0301\u0302', '日本語の字幕', '한국어', '🎬', family, '🇯🇵', '👍🏽', 'https://example.com/a/b?c=d', 'www.example.org/long-path', '<b>', '>', '&', ' ', '  ', '\n', '\t', '\u0000', '\u{1F600}', '\uD83D', '#tag'),
  string({ unit: 'grapheme', maxLength: 30 }),
  string({ unit: 'binary', maxLength: 8 }),
);
const text = (bits: number): Arbitrary<string> => array(tuple(bit, constantFrom(' ', '', ' ')).map((pair) => pair.join('')), { maxLength: bits }).map((all) => all.join(''));
const plain = (given: string): string => given.replace(/\p{Surrogate}/gu, '\uFFFD').replace(/[^\P{Cc}\n\t]/gu, '');
const whole = (given: string): string[] => Array.from(graphemes.segment(given), ({ segment }) => segment);

describe('what is sent', () => {
  it('is always taken: titles, descriptions and tags of any writing', () => {
    assert(
      property(text(60), text(900), array(text(4), { maxLength: 80 }), array(text(4), { maxLength: 40 }), (title, description, hashtags, tags) => {
        const fitted = youtubeText({ title, description, hashtags: hashtags.map((tag) => `#${tag}`) }, { tags });
        const empty = fitted.findings.some(({ rule }) => rule === 'youtube.title.empty');
        expect(empty).toBe(fitted.title === '');
        if (!empty) expect(() => readSnippet({ title: fitted.title, description: fitted.description, tags: fitted.tags })).not.toThrow();
      }),
      { numRuns: 150 },
    );
  });

  it('is changed only with a finding', () => {
    assert(
      property(text(30), text(300), (title, description) => {
        const fitted = youtubeText({ title, description, hashtags: [] }, { tags: [] });
        const rules = fitted.findings.map(({ rule }) => rule);
        if (!rules.some((rule) => rule.startsWith('youtube.title'))) expect(fitted.title).toBe(plain(title.replace(/\r\n?/gu, '\n')).replace(/\s+/gu, ' ').trim());
        if (!rules.some((rule) => rule.startsWith('youtube.description'))) expect(fitted.description).toBe(plain(description.replace(/\r\n?/gu, '\n')).trim());
      }),
      { numRuns: 200 },
    );
  });
});

describe('shortening', () => {
  it('fits, keeps a beginning, cuts no letter from its marks and no link in two', () => {
    assert(
      property(text(60), integer({ min: 1, max: 200 }), (given, limit) => {
        const short = shorten(given, limit, (some) => some.length);
        expect(short.length).toBeLessThanOrEqual(limit);
        if (given.length <= limit) {
          expect(short).toBe(given);
          return;
        }
        if (short === '') return;
        const kept = short.slice(0, -1);
        expect(short.endsWith('…')).toBe(true);
        expect(given.startsWith(kept)).toBe(true);
        expect(whole(given).slice(0, whole(kept).length)).toEqual(whole(kept));
        const link = /(?:^|\s)((?:https?:\/\/|www\.)\S*)$/iu.exec(kept)?.[1];
        // A link at the very end of what is kept is a whole one, unless the text begins with it.
        if (link !== undefined && kept.length > link.length) expect(/^(?:\s|[,;:–—-]|$)/u.test(given.slice(kept.length))).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it('ends at a word', () => {
    expect(shorten('It was the best of times, it was the worst', 30, (some) => some.length)).toBe('It was the best of times, it…');
    expect(shorten('It was the best of times, it was', 26, (some) => some.length)).toBe('It was the best of times…');
    expect(shorten('あいうえおかきくけこ', 6, (some) => some.length)).toBe('あいうえお…');
    expect(shorten(`${family}${family}`, 12, (some) => some.length)).toBe(`${family}…`);
    expect(shorten('see https://example.com/a/very/long/path', 30, (some) => some.length)).toBe('see…');
  });
});

describe('counting', () => {
  it.each([
    ['a title of 100 letters', 'x'.repeat(100), 'x'.repeat(100)],
    ['one of 101', 'x'.repeat(101), `${'x'.repeat(99)}…`],
    ['50 emoji are 100 units', '🎬'.repeat(50), '🎬'.repeat(50)],
    ['51 are too many, and none is halved', '🎬'.repeat(51), `${'🎬'.repeat(49)}…`],
    ['brackets', 'a < b > c', 'a ‹ b › c'],
    ['lines', ' two\n lines ', 'two lines'],
  ])('%s', (_what, title, sent) => {
    expect(youtubeText({ title, description: '', hashtags: [] }, { tags: [] }).title).toBe(sent);
  });

  it('measures descriptions in bytes, and keeps the hashtags', () => {
    const { description, findings } = youtubeText({ title: 't', description: '字'.repeat(1700), hashtags: ['#one', '#two'] }, { tags: [] });
    expect(Buffer.byteLength(description)).toBeLessThanOrEqual(5000);
    expect(Buffer.byteLength(description)).toBeGreaterThan(4990);
    expect(description.endsWith('…\n\n#one #two')).toBe(true);
    expect(findings.map(({ rule }) => rule)).toEqual(['youtube.description.length']);
  });

  it('counts commas between tags and quotation marks around those with spaces', () => {
    expect(tagUnits([])).toBe(0);
    expect(tagUnits(['abc'])).toBe(3);
    expect(tagUnits(['abc', 'd e'])).toBe(9);
    const tags = [...'abcdefghij'].map((letter) => letter.repeat(45));
    const sent = youtubeText({ title: 't', description: '', hashtags: ['#abc'] }, { tags: [...tags, 'tail', 'with space'] });
    expect(tagUnits(tags)).toBe(459);
    expect(sent.tags).toEqual([...tags, 'tail', 'with space', 'abc']);
    const full = youtubeText({ title: 't', description: '', hashtags: ['#abc'] }, { tags: [...tags, 'x'.repeat(40)] });
    expect(full.tags).toHaveLength(11);
    expect(full.findings.map(({ rule }) => rule)).toEqual(['youtube.tags.length']);
  });

  it('names each tag once', () => {
    expect(youtubeText({ title: 't', description: '', hashtags: ['#News', '#news'] }, { tags: ['NEWS'] })).toMatchObject({ tags: ['NEWS'], description: '#News' });
  });
});

describe('the check before anything is sent', () => {
  const clip: PublishableClip = { stem: 's', format: 'vertical', videoPath: '/v.mp4', sha256: '', sizeBytes: 10, durationUs: 30_000_000, width: 1080, height: 1920, fps: 30, captions: null, language: null, coverPath: '/c.jpg', title: 'Title', description: '', hashtags: [] };
  const rules = (changes: Partial<PublishableClip>, options: object = {}): string[] => youtubePublisher.check({ ...clip, ...changes }, { madeForKids: false, ...options }).map(({ rule, severity }) => `${severity} ${rule}`);

  it('finds nothing in an ordinary Short', () => expect(rules({})).toEqual([]));

  it.each<[string, Partial<PublishableClip>, object, string[]]>([
    ['no title', { title: ' ' }, {}, ['refused youtube.title.empty']],
    ['a long title', { title: 'x'.repeat(101) }, {}, ['adjusted youtube.title.length']],
    ['too many hashtags', { hashtags: Array.from({ length: 61 }, (_, index) => `#t${index}`) }, {}, ['adjusted youtube.hashtags.count']],
    ['a square Short', { width: 1080, height: 1080 }, {}, []],
    ['a wide clip', { width: 1920, height: 1080 }, {}, ['adjusted youtube.shorts.shape']],
    ['four minutes', { durationUs: 240_000_000 }, {}, ['adjusted youtube.shorts.length']],
    ['three minutes', { durationUs: 180_000_000 }, {}, []],
    ['sixteen minutes', { durationUs: 960_000_000 }, {}, ['adjusted youtube.duration', 'adjusted youtube.shorts.length']],
    ['thirteen hours', { durationUs: 13 * 3_600_000_000 }, {}, ['refused youtube.duration', 'adjusted youtube.shorts.length']],
    ['an empty file', { sizeBytes: 0 }, {}, ['refused youtube.size']],
    ['a file of 300 GB', { sizeBytes: 300 * 1024 ** 3 }, {}, ['refused youtube.size']],
    ['nothing said about kids', {}, { madeForKids: undefined }, ['adjusted youtube.kids.unstated']],
    ['a track without captions', {}, { captions: 'track' }, ['adjusted youtube.captions.missing']],
    ['a track in no language', { captions: { srt: '/s', vtt: '/v' } }, { captions: 'both' }, ['adjusted youtube.captions.language']],
    ['a track in a language that is set', { captions: { srt: '/s', vtt: '/v' } }, { captions: 'both', language: 'en' }, []],
    ['a schedule for an unlisted film', {}, { nativeSchedule: true, privacy: 'unlisted' }, ['adjusted youtube.schedule.privacy']],
  ])('%s', (_what, changes, options, expected) => {
    expect(rules(changes, options)).toEqual(expected);
  });

  it.each([{ privacy: 'secret' }, { chunkKib: 300 }, { chunkKib: 0 }, { language: 'not a language' }, { categoryId: 'Music' }, { surprise: true }])('refuses the setting %o', (options) => {
    expect(youtubePublisher.options.safeParse(options).success).toBe(false);
  });
});
