import * as fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { byteSize, clock, count, span } from '../../src/ui/format.js';
import { aligned, clipped, padded, terminalText } from '../../src/ui/terminal-text.js';

describe('terminal text', () => {
  it('lets nothing through that a terminal would act on', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(terminalText(text)).not.toMatch(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u);
      }),
    );
    expect(terminalText('a\u001b[2Jb\nc\u202Ed')).toBe('a\uFFFD[2Jb c\uFFFDd');
    expect(terminalText('příliš žluťoučký – 日本語 – עברית 👩‍👩‍👧')).toBe('příliš žluťoučký – 日本語 – עברית 👩‍👩‍👧');
  });

  it('clips and pads to columns, wide characters counting two', () => {
    expect(clipped('日本語テスト', 7)).toBe('日本語…');
    expect(clipped('short', 7)).toBe('short');
    expect(clipped('long enough', 0)).toBe('');
    expect(padded('日本', 6)).toBe('日本  ');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(20), (text, width) => {
        expect(stringWidth(clipped(text, width))).toBeLessThanOrEqual(width);
      }),
    );
  });

  it('aligns columns by what they take on screen', () => {
    expect(aligned([['日本', 'x'], ['a', 'y', 'z']])).toEqual(['日本  x', 'a     y  z']);
  });
});

describe('figures', () => {
  it.each([[0, '0:00'], [59_999_999, '0:59'], [60_000_000, '1:00'], [3_600_000_000, '1:00:00'], [7_384_000_000, '2:03:04']])('clock(%d) = %s', (us, shown) => expect(clock(us)).toBe(shown));
  it.each([[0, '0.0 s'], [9_940, '9.9 s'], [9_960, '10 s'], [59_400, '59 s'], [59_600, '1 min 00 s'], [125_000, '2 min 05 s'], [4_320_000, '1 h 12 min']])('span(%d) = %s', (ms, shown) => expect(span(ms)).toBe(shown));
  it.each([[0, '0 B'], [999, '999 B'], [1_000, '1.0 kB'], [999_600, '1.0 MB'], [3_140_000, '3.1 MB'], [250e9, '250 GB']])('byteSize(%d) = %s', (bytes, shown) => expect(byteSize(bytes)).toBe(shown));
  it('counts', () => expect([count(1, 'clip'), count(0, 'clip')]).toEqual(['1 clip', '0 clips']));
});
