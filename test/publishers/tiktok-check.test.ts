import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Finding, PublishableClip } from '../../src/publishers/publisher.js';
import { captionOf } from '../../src/publishers/tiktok/caption.js';
import { tiktokPublisher } from '../../src/publishers/tiktok/index.js';
import { smallClip } from '../support/publish-context.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { TikTokWorld } from '../support/tiktok-world.js';

const direct = { mode: 'direct' };
const clipWith = (changes: Partial<PublishableClip>): PublishableClip => ({ ...smallClip(temporaryFolder()), ...changes });
const check = (changes: Partial<PublishableClip>, options: object = direct): Finding[] => tiktokPublisher.check(clipWith(changes), tiktokPublisher.options.parse(options));
const rules = (findings: Finding[], severity: string): string[] => findings.filter((finding) => finding.severity === severity).map(({ rule }) => rule);

describe('check', () => {
  test('finds nothing in a usual clip', () => {
    expect(check({})).toEqual([]);
  });

  test.each([
    ['tiktok.duration', { durationUs: 600_000_001 }],
    ['tiktok.size', { sizeBytes: 4 * 2 ** 30 + 1 }],
    ['tiktok.size', { sizeBytes: 0 }],
    ['tiktok.fps', { fps: 22.5 }],
    ['tiktok.fps', { fps: 61 }],
    ['tiktok.picture', { width: 359 }],
    ['tiktok.picture', { height: 4097 }],
    ['tiktok.caption.length', { title: 'x'.repeat(2201) }],
  ])('refuses %s', (rule, changes) => {
    const findings = check(changes);
    expect(rules(findings, 'refused')).toEqual([rule]);
    expect(findings[0]?.remedy).toMatch(/\S/);
  });

  test.each([{ durationUs: 600_000_000 }, { fps: 23.976 }, { fps: 23 }, { fps: 60 }, { width: 360, height: 640 }, { height: 4096 }])('takes %j', (changes) => {
    expect(check(changes)).toEqual([]);
  });

  test('refuses branded content that is private, and takes it when it is not', () => {
    expect(rules(check({}, { mode: 'direct', brandContent: true }), 'refused')).toEqual(['tiktok.brand.private']);
    expect(check({}, { mode: 'direct', brandContent: true, privacy: 'PUBLIC_TO_EVERYONE' })).toEqual([]);
  });

  test('says what TikTok will make of signs, spaced hashtags and a late cover', () => {
    const findings = check({ title: 'Ask @home, not #fun', hashtags: ['#two words'] }, { mode: 'direct', coverAtMs: 30_000 });
    expect(rules(findings, 'adjusted')).toEqual(['tiktok.hashtag.space', 'tiktok.caption.links', 'tiktok.cover.late']);
    expect(findings.map(({ message }) => message).join()).toContain('links of @home, #fun');
  });

  test('says that drafts take neither text nor settings', () => {
    expect(rules(check({}, { privacy: 'PUBLIC_TO_EVERYONE', isAigc: true }), 'adjusted')).toEqual(['tiktok.inbox.text', 'tiktok.inbox.settings']);
  });
});

test.each([{ mode: 'both' }, { privacy: 'EVERYONE' }, { chunkBytes: 1000 }, { chunkBytes: 65_000_000 }, { coverAtMs: -1 }, { titel: 'x' }])('options refuse %j', (options) => {
  expect(tiktokPublisher.options.safeParse(options).success).toBe(false);
});

describe('the caption', () => {
  /** Families, flags, combining marks, CJK beyond the first plane, right-to-left text. */
  const pieces = fc.constantFrom('word ', '👨‍👩‍👧‍👦', '🇯🇵', 'é', 'प्रे', '漢字', '𠮷', 'שלום ', '…', '\n', '#tag ', '@who ');
  const texts = fc.array(pieces, { maxLength: 900 }).map((parts) => parts.join(''));
  const tags = fc.array(fc.constantFrom('#words', 'plain', '#two words', '#', '#漢字', '#👩‍🚀'), { maxLength: 8 });

  test('has at most 2200 UTF-16 units or keeps title and hashtags whole, and cuts between characters only', () => {
    fc.assert(
      fc.property(texts, texts, tags, (title, description, hashtags) => {
        const clip = { title, description, hashtags };
        const { text, shortened } = captionOf(clip);
        const bare = captionOf({ ...clip, description: '' }).text;
        if (bare.length <= 2200) expect(text.length).toBeLessThanOrEqual(2200);
        expect(text.startsWith(title.trim())).toBe(true);
        expect(text).not.toMatch(/(?:[\uD800-\uDBFF](?![\uDC00-\uDFFF]))|(?:(?<![\uD800-\uDBFF])[\uDC00-\uDFFF])/);
        if (!shortened) return;
        const middle = text.slice(title.trim() === '' ? 0 : title.trim().length + 2).split('…\n\n')[0] ?? '';
        const kept = middle.replace(/…$/, '');
        const whole = [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(description.trim())].map(({ index }) => index);
        if (description.trim().startsWith(kept)) expect([...whole, description.trim().length]).toContain(kept.length);
      }),
      { numRuns: 200 },
    );
  });

  test('counts as the platform does: what is just short enough is posted, one unit more is not', async () => {
    const world = new TikTokWorld();
    const clip = clipWith({ title: '👩‍🚀'.repeat(440), description: '', hashtags: [] });
    expect(clip.title).toHaveLength(2200);
    expect((await world.run('a', clip, { options: direct })).state).toBe('published');
    expect(world.standIn.posts()[0]?.text).toBe(clip.title);
    const long = { ...clip, title: `${clip.title}!` };
    expect(rules(tiktokPublisher.check(long, direct), 'refused')).toEqual(['tiktok.caption.length']);
    expect(await world.run('b', long, { options: direct })).toMatchObject({ state: 'failed', problem: { code: 'invalid_param' } });
  });

  test('that had to be shortened is a finding and posts what it says', async () => {
    const world = new TikTokWorld();
    const clip = clipWith({ description: `${'漢字かな '.repeat(500)}` });
    expect(rules(tiktokPublisher.check(clip, direct), 'adjusted')).toEqual(['tiktok.caption.length']);
    expect((await world.run('a', clip, { options: direct })).state).toBe('published');
    const text = world.standIn.posts()[0]?.text ?? '';
    expect(text.length).toBeGreaterThan(2190);
    expect(text).toMatch(/^First words\n\n漢字かな .*…\n\n#words$/s);
  });
});
