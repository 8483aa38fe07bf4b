import { array, assert, constantFrom, integer, nat, oneof, property, record, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cue } from '../../src/captions/cue.js';
import { decodeCaptions } from '../../src/captions/decode.js';
import { parseSrt } from '../../src/captions/parse-srt.js';
import { parseVtt } from '../../src/captions/parse-vtt.js';
import { writeSrt, writeVtt } from '../../src/captions/write-cues.js';

const line = oneof(
    string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
    constantFrom('42', '<i>x</i>', 'a < b', '&amp;', '&', '{\\an8}', '-->', '00:00:01,000 --> 00:00:02,000', 'NOTE x', 'WEBVTT', '日本語', 'שלום', '&#123;', '<v Ann>'),
  )
  // Line ends are what separates lines; surrounding space is not part of a caption.
  .map((text) => text.replaceAll(/[\r\n\u0085\u2028\u2029\v\f\ufeff]/g, ' ').trim())
  .filter((text) => text !== '');

const cueList = array(record({ gapMs: nat(5000), lengthMs: integer({ min: 1, max: 9000 }), lines: array(line, { minLength: 1, maxLength: 3 }) }), { minLength: 1, maxLength: 8 })
  .map((items) => {
    let atMs = 0;
    return items.map(({ gapMs, lengthMs, lines }): Cue => {
      const startMs = atMs + gapMs;
      atMs = startMs + lengthMs;
      return { startUs: startMs * 1000, endUs: atMs * 1000, text: lines.join('\n') };
    });
  });

describe('caption files', () => {
  it('reads back the SRT it wrote', () => {
    assert(property(cueList, (cues) => {
        expect(parseSrt(writeSrt(cues))).toEqual(cues);
      }));
  });

  it('reads back the VTT it wrote', () => {
    assert(property(cueList, (cues) => {
        expect(parseVtt(writeVtt(cues))).toEqual(cues);
      }));
  });

  it('forgives what editors do to SRT', () => {
    const text = '\ufeff1\r\n00:00:01.5 --> 00:00:03,000 X1:10 Y1:20\r\n<font color="#fff">Hello</font> <i>there</i>\r\n7\r\n0:00:04,000 --> 00:00:05,250\r\n{\\an8}Tom &amp; I <3\r\n\r\nstill here\r\n\r\n';
    expect(parseSrt(text)).toEqual([
      { startUs: 1_500_000, endUs: 3_000_000, text: 'Hello there' },
      { startUs: 4_000_000, endUs: 5_250_000, text: 'Tom & I <3\nstill here' },
    ]);
  });

  it('reads old Mac line ends', () => {
    expect(parseSrt('1\r00:00:01,000 --> 00:00:02,000\rone\r\r2\r00:00:02,000 --> 00:00:03,000\rtwo')).toHaveLength(2);
  });

  it('reads VTT with headers, notes, styles, identifiers, voices and karaoke times', () => {
    const text = 'WEBVTT - title\nKind: captions\n\nSTYLE\n::cue { color: red }\n\nNOTE 00:00.000 --> 00:09.000\nnot a cue\n\nfirst\n00:01.000 --> 00:02.500 align:start position:0%\n<v Ann>Well<00:00:01.500><c> then</c> a &lt; b\n\n01:00:00.000 --> 01:00:01.000\n<ruby>漢<rt>かん</rt></ruby>字\n';
    expect(parseVtt(text)).toEqual([
      { startUs: 1_000_000, endUs: 2_500_000, text: 'Well then a < b' },
      { startUs: 3_600_000_000, endUs: 3_601_000_000, text: '漢字' },
    ]);
  });

  it('refuses what is no caption file', () => {
    for (const parse of [() => parseSrt('hello'), () => parseSrt(''), () => parseVtt('hello'), () => parseVtt('WEBVTT\n\nno cues'), () => parseSrt('1\n00:00:05,000 --> 00:00:01,000\nx')]) {
      expect(parse).toThrow(expect.objectContaining({ code: 'CAPTIONS_INVALID' }));
    }
  });

  it('decodes UTF-8 and UTF-16 and refuses other encodings', () => {
    expect(decodeCaptions(Buffer.from('\ufeffné', 'utf8'), 'a.srt')).toBe('né');
    expect(decodeCaptions(Buffer.from('\ufeffné', 'utf16le'), 'a.srt')).toBe('né');
    expect(() => decodeCaptions(Buffer.from([0x6e, 0xe9, 0x20]), 'a.srt')).toThrow(expect.objectContaining({ code: 'CAPTIONS_INVALID' }));
  });
});
