import { array, assert, boolean, constantFrom, nat, property, record } from 'fast-check';
import { loadDefaultJapaneseParser } from 'budoux';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Word } from '../../src/artifacts/schemas/speech.js';
import { isUnspaced, joinWords } from '../../src/captions/atoms.js';
import { type CaptionFonts, openCaptionFonts } from '../../src/captions/fonts.js';
import { layoutPage } from '../../src/captions/layout-page.js';
import { glanceLimits, pageWords, readingLimits } from '../../src/captions/page-words.js';
import { captionArea, safeArea } from '../../src/captions/safe-area.js';
import { subtitleCues } from '../../src/captions/subtitle-cues.js';
import { columnsOf } from '../../src/captions/text-width.js';
import { escapeAss, writeAss } from '../../src/captions/write-ass.js';
import { fixtureTranscript } from '../render/render-run.js';

const words = (language: 'en' | 'ja') =>
  array(
    record({
      text: language === 'en' ? constantFrom('a', 'word', 'longer,', 'end.', 'Donaudampfschifffahrtsgesellschaftskapitän', '{x}', 'a\\N', 'Привет', 'x?') : constantFrom('短い', '動画', 'の', '、', 'です。', 'YouTube', 'お話し'),
      space: boolean(),
      gapMs: constantFrom(0, 0, 40, 300, 500, 2000),
      lengthMs: nat(900),
    }),
    { maxLength: 40 },
  ).map((items) => {
    let atMs = 0;
    return items.map(({ text, space, gapMs, lengthMs }): Word => {
      const startUs = (atMs + gapMs) * 1000;
      atMs += gapMs + lengthMs;
      return { text, spaceBefore: language === 'en' && space, startUs, endUs: atMs * 1000, confidence: 0.9 };
    });
  });

let fonts: CaptionFonts;
beforeAll(async () => {
  fonts = await openCaptionFonts('assets/fonts');
});

describe.each(['en', 'ja'] as const)('pages of words (%s)', (language) => {
  it('hold every word once and in order, do not overlap, and keep the limits', () => {
    assert(
      property(words(language), (list) => {
        const durationUs = (list.at(-1)?.endUs ?? 0) + 200_000;
        const pages = pageWords(list, language, glanceLimits, durationUs);
        expect(pages.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, n) => first + n))).toEqual(list.map((_, n) => n));
        for (const [n, page] of pages.entries()) {
          expect(page.endUs).toBeGreaterThanOrEqual(page.startUs);
          expect(page.endUs).toBeLessThanOrEqual(pages[n + 1]?.startUs ?? durationUs);
          for (let at = page.first; at < page.last; at += 1) expect(list[at + 1]!.startUs - list[at]!.endUs).toBeLessThan(glanceLimits.pauseUs);
        }
      }),
    );
  });

  it('do not reach across a place where the picture goes elsewhere', () => {
    assert(
      property(words(language), array(nat(20_000_000), { maxLength: 5 }), (list, unsorted) => {
        const breaksUs = unsorted.toSorted((a, b) => a - b);
        const durationUs = (list.at(-1)?.endUs ?? 0) + 200_000;
        for (const limits of [glanceLimits, readingLimits]) {
          const pages = pageWords(list, language, limits, durationUs, breaksUs);
          expect(pages.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, n) => first + n))).toEqual(list.map((_, n) => n));
          for (const { first, last, startUs, endUs } of pages) {
            expect(breaksUs.filter((us) => us > startUs && us < endUs)).toEqual([]);
            expect(breaksUs.filter((us) => us > list[first]!.startUs && us <= list[last]!.startUs)).toEqual([]);
          }
        }
      }),
    );
  });

  it('are laid out in at most two lines that fit, with every letter', () => {
    const limits = { language, emPx: 84, widthPx: captionArea(1080, 1920).width, uppercase: false };
    assert(
      property(words(language), (list) => {
        for (const page of pageWords(list, language, glanceLimits, 60_000_000)) {
          const laid = layoutPage(page, list, limits, fonts);
          expect(laid.lines.length).toBeLessThanOrEqual(2);
          for (const line of laid.lines) expect(fonts.widthPx(joinWords(line), laid.face, laid.emPx)).toBeLessThanOrEqual(limits.widthPx + 0.01);
          expect(laid.lines.flat().map(({ text }) => text).join('')).toBe(list.slice(page.first, page.last + 1).map(({ text }) => text).join(''));
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('captions of the samples', () => {
  it('are a few words each, and mostly not a word alone', () => {
    const { words: list } = fixtureTranscript('talk', 'en');
    const pages = pageWords(list, 'en', glanceLimits, 258_000_000);
    const counts = pages.map(({ first, last }) => last - first + 1);
    for (const [n, { first, last }] of pages.entries()) {
      if (counts[n] === 1) continue;
      expect(counts[n]).toBeLessThanOrEqual(5);
      expect(columnsOf(joinWords(list.slice(first, last + 1)))).toBeLessThanOrEqual(26);
      expect(list[last]!.endUs - list[first]!.startUs).toBeLessThanOrEqual(1_820_000);
    }
    expect(counts.filter((count) => count === 1).length).toBeLessThan(counts.length * 0.15);
  });

  it('break Japanese only between phrases', () => {
    const { words: list } = fixtureTranscript('short-ja', 'ja');
    const pages = pageWords(list, 'ja', glanceLimits, 32_000_000).map(({ first, last }) => joinWords(list.slice(first, last + 1)));
    expect(pages.join('')).toBe(joinWords(list));
    const phrases = new Set(loadDefaultJapaneseParser().parseBoundaries(joinWords(list)));
    let offset = 0;
    for (const page of pages) {
      offset += page.length;
      expect(offset === joinWords(list).length || phrases.has(offset) || /[。？]$/u.test(page), page).toBe(true);
      expect(columnsOf(page)).toBeLessThanOrEqual(26);
    }
    expect(pages).toContain('一番大切なのは、');
    expect(pages).not.toContain('また');
  });

  it('become subtitles of at most two lines of 38 columns', () => {
    for (const [name, language] of [['talk', 'en'], ['short-ja', 'ja']] as const) {
      const { words: list } = fixtureTranscript(name, language);
      const cues = subtitleCues(list, language, 300_000_000);
      expect(cues.map(({ text }) => text.replaceAll('\n', isUnspaced(language) ? '' : ' ')).join(isUnspaced(language) ? '' : ' ')).toBe(joinWords(list));
      for (const { text } of cues) {
        expect(text.split('\n').length).toBeLessThanOrEqual(2);
        for (const line of text.split('\n')) expect(columnsOf(line)).toBeLessThanOrEqual(44);
      }
    }
  });
});

describe('places and fonts', () => {
  it('keep clear of what platforms draw', () => {
    expect(safeArea(1080, 1920)).toEqual({ x: 60, y: 210, width: 870, height: 1260 });
    for (const [width, height] of [[1080, 1920], [1080, 1080], [1920, 1080]] as const) {
      const area = captionArea(width, height);
      expect(area.x + area.width / 2).toBe(width / 2);
      const safe = safeArea(width, height);
      expect(area.x).toBeGreaterThanOrEqual(safe.x);
      expect(area.x + area.width).toBeLessThanOrEqual(safe.x + safe.width);
    }
  });

  it('choose a face that has the letters, and name the scripts of those that none has', () => {
    expect(fonts.faceFor('Größe Привет Γειά', 'de').family).toBe('Inter ExtraBold');
    expect(fonts.faceFor('今日は', 'en').family).toBe('Noto Sans JP');
    expect(fonts.faceFor('YouTube', 'ja').family).toBe('Noto Sans JP');
    expect(fonts.missingScripts('Ünïcödé – “quotes” … ¿qué? Łódź 日本語、カタカナ')).toEqual([]);
    expect(fonts.missingScripts('שלום مرحبا नमस्ते 🙂')).toEqual(['Hebrew', 'Arabic', 'Devanagari', 'emoji']);
  });
});

describe('ASS', () => {
  const list: Word[] = ['one', 'two', 'three'].map((text, n) => ({ text, spaceBefore: n > 0, startUs: n * 333_333, endUs: n * 333_333 + 300_000, confidence: 1 }));

  it('has one event per active word, without gap or overlap, and the same text in each', () => {
    const limits = { language: 'en', emPx: 84, widthPx: 780, uppercase: false };
    const pages = pageWords(list, 'en', glanceLimits, 2_000_000).map((page) => layoutPage(page, list, limits, fonts));
    const ass = writeAss(pages, list, { color: '#FFFFFF', highlight: '#39E508', outlineShare: 0.065 }, { width: 1080, height: 1920, area: captionArea(1080, 1920) }, fonts);
    const events = ass.split('\n').filter((line) => line.startsWith('Dialogue')).map((line) => line.split(','));
    expect(events.map(([, start, end]) => [start, end])).toEqual([['0:00:00.00', '0:00:00.33'], ['0:00:00.33', '0:00:00.66'], ['0:00:00.66', '0:00:01.26']]);
    const texts = events.map((fields) => fields.slice(9).join(','));
    expect(new Set(texts.map((text) => text.replaceAll(/\{[^}]*\}/g, '{}')))).toEqual(new Set(['{}one {}two {}three']));
    expect(texts.map((text) => text.indexOf('&H0008E539&'))).toEqual([...texts.keys()].map((n) => texts[n]!.indexOf('{', [0, 1, 2].slice(0, n).reduce((at) => texts[n]!.indexOf('{', at + 1), 0)) + 4));
  });

  it('shows braces, backslashes and line ends as text', () => {
    expect(escapeAss('{\\an8}a\nb\\N')).toBe('\\{\\\u2060an8\\}a b\\\u2060N');
  });
});
