import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { captionFor, countHashtags, countMentions, wholeCaption } from '../../src/publishers/instagram/caption.js';
import { instagramPublisher } from '../../src/publishers/instagram/index.js';
import { smallClip } from '../support/publish-context.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const piece = fc.oneof(
  fc.constantFrom('word ', 'Donaudampfschifffahrt', '日本語の説明文。', '한국어 ', '👩‍👩‍👧‍👦', '👍🏽 ', '🇯🇵', 'e\u0301', 'ก็้', '#tag ', '#ハッシュ ', '@name ', 'me@example.com ', 'https://example.com/a?b=c#d ', '\n\n', '\u{1F1E9}', 'ﷺ', '𝒳'),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
);
const words = fc.record({
  title: fc.array(piece, { maxLength: 12 }).map((parts) => parts.join('')),
  description: fc.array(piece, { maxLength: 600 }).map((parts) => parts.join('')),
  hashtags: fc.array(fc.constantFrom('#one', '#zwei', '#三つ', '#🎉party', '#a_b'), { maxLength: 45 }),
});
const loneSurrogate = /\p{Surrogate}/u;
const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });

test('every text is sent within 2,200 UTF-16 units, whole characters only', () => {
  fc.assert(
    fc.property(words, (given) => {
      const caption = captionFor(given);
      expect(caption.length).toBeLessThanOrEqual(2200);
      if (!loneSurrogate.test(wholeCaption(given))) expect(caption).not.toMatch(loneSurrogate);
      if (caption === wholeCaption(given)) return;
      // What was cut ends between two characters as people see them.
      const cut = caption.indexOf('…\n\n#') === -1 ? caption.replace(/…$/u, '') : caption.slice(0, caption.indexOf('…\n\n#'));
      const whole = wholeCaption(given);
      if (!whole.startsWith(cut)) return;
      const boundaries = new Set([...graphemes.segment(whole)].map(({ index }) => index));
      expect(boundaries.has(cut.length) || cut.length === whole.length).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('a text within all limits is sent as it is', () => {
  fc.assert(
    fc.property(words, (given) => {
      const whole = wholeCaption(given);
      fc.pre(whole.length <= 2200 && countHashtags(whole) <= 30);
      expect(captionFor(given)).toBe(whole);
    }),
    { numRuns: 300 },
  );
});

test('hashtags of the clip are dropped from the end, never cut, never more than 30 in all', () => {
  fc.assert(
    fc.property(words, (given) => {
      const own = countHashtags(wholeCaption({ ...given, hashtags: [] }));
      fc.pre(own <= 30 && given.title.length < 1000);
      const caption = captionFor(given);
      expect(countHashtags(caption)).toBeLessThanOrEqual(30);
      // The last line holds whole hashtags of the clip, in their order.
      const kept = given.hashtags.slice(0, 30 - own);
      if (kept.length > 0) expect(caption.endsWith(kept.join(' '))).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['ascii', 'a', 2200, 2200],
  ['CJK', '語', 2200, 2200],
  // One emoji is two units: half as many fit.
  ['emoji', '😀', 1100, 2200],
  ['combining marks', 'e\u0301', 1100, 2200],
])('%s: exactly the limit passes, one more is shortened', (_kind, character, count, units) => {
  const clip = smallClip(temporaryFolder(), { title: '', hashtags: [], description: character.repeat(count) });
  expect(captionFor(clip)).toHaveLength(units);
  expect(instagramPublisher.check(clip, {})).toEqual([]);
  const longer = { ...clip, description: character.repeat(count + 1) };
  expect(captionFor(longer).length).toBeLessThanOrEqual(units);
  expect(captionFor(longer).endsWith(`${character}…`)).toBe(true);
  expect(instagramPublisher.check(longer, {}).map(({ rule, severity }) => `${rule} ${severity}`)).toEqual(['instagram.caption adjusted']);
});

test('what counts as a hashtag and as a mention', () => {
  expect(countHashtags('#one #two_2 ＃三 #🎉 # no #, a#b')).toBe(5);
  expect(countMentions('@anna and @b.c_d, not me@example.com nor @ alone')).toBe(2);
});

test('a cut never leaves half a hashtag', () => {
  const clip = { title: '', description: `${'x'.repeat(2190)} #averylonghashtag`, hashtags: [] };
  expect(captionFor(clip)).toBe(`${'x'.repeat(2190)}…`);
});

test('findings name the rule, and refuse what cannot be adjusted', () => {
  const dir = temporaryFolder();
  const rules = (changes: Parameters<typeof smallClip>[1], options: unknown = {}): string[] => instagramPublisher.check(smallClip(dir, changes), options).map(({ rule, severity }) => `${rule} ${severity}`);
  expect(rules({})).toEqual([]);
  expect(rules({ durationUs: 2_999_999 })).toEqual(['instagram.duration refused']);
  expect(rules({ durationUs: 900_000_001 })).toEqual(['instagram.duration refused']);
  expect(rules({ sizeBytes: 300_000_001, durationUs: 200_000_000 })).toEqual(['instagram.size refused']);
  expect(rules({ fps: 22.9 })).toEqual(['instagram.fps refused']);
  expect(rules({ fps: 23.976 })).toEqual([]);
  expect(rules({ width: 2160 })).toEqual(['instagram.width refused']);
  expect(rules({ sizeBytes: 100_000_000 })).toEqual(['instagram.bitrate refused']);
  expect(rules({}, { thumbOffsetMs: 30_000 })).toEqual(['instagram.thumb-offset refused']);
  expect(rules({ description: '@a '.repeat(21) })).toEqual(['instagram.mentions refused']);
  expect(rules({ description: '#a '.repeat(31) })).toEqual(['instagram.hashtags refused']);
  expect(rules({ hashtags: Array.from({ length: 31 }, (_, index) => `#t${index}`) })).toEqual(['instagram.hashtags adjusted']);
  expect(rules({ hashtags: ['#a', '#b', '#c', '#d', '#e', '#f'] })).toEqual(['instagram.hashtags.shown adjusted']);
});

function valid(options: unknown): boolean {
  return instagramPublisher.options.safeParse(options).success;
}

test('unknown and malformed options are refused', () => {
  expect(valid({ shareToFeed: false, thumbOffsetMs: 1500, collaborators: ['@anna', 'b.c'], locationId: '7640348500', audioName: 'Our talk' })).toBe(true);
  for (const wrong of [{ visibility: 'public' }, { thumbOffsetMs: -1 }, { thumbOffsetMs: 1.5 }, { collaborators: ['a b'] }, { collaborators: ['a', 'b', 'c', 'd'] }, { locationId: 'Rome' }]) expect(valid(wrong)).toBe(false);
});
