import { execFileSync } from 'node:child_process';
import { symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Source } from '../../src/artifacts/schemas/source.js';
import { parseSrt } from '../../src/captions/parse-srt.js';
import { parseVtt } from '../../src/captions/parse-vtt.js';
import { largestBytes, parseShallowJson, readCaptionText } from '../../src/pipeline/transcribe/captions/caption-text.js';
import { cueWords } from '../../src/pipeline/transcribe/captions/cue-words.js';
import { findCaptions } from '../../src/pipeline/transcribe/captions/find-captions.js';
import { parseWordsFile } from '../../src/pipeline/transcribe/captions/words-file.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const invalid = (message: string): unknown => expect.objectContaining({ code: 'CAPTIONS_INVALID', message: expect.stringContaining(message) });
const noTracks = { captions: [] as Source['captions'] } as Source;

const list = (texts: string[]): string => JSON.stringify({ words: texts.map((text, n) => ({ text, start: n / 1_000, end: (n + 1) / 1_000 })) });
const cue = (text: string): string => `1\n00:00:01,000 --> 00:00:02,000\n${text}\n`;

/** Whatever is refused is refused as captions. */
const attempt = (work: () => unknown): void => {
  try {
    work();
  } catch (error) {
    expect(error).toEqual(invalid('talk'));
  }
};

/** CPU seconds of this process. */
function cpuOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

describe('files beside a source', () => {
  it('that are pipes, devices, folders or links in a circle are passed over, not waited for', async () => {
    const dir = temporaryFolder();
    execFileSync('mkfifo', [join(dir, 'talk.srt'), join(dir, 'talk.json')]);
    symlinkSync('/dev/zero', join(dir, 'talk.vtt'));
    symlinkSync('talk.de.srt', join(dir, 'talk.de.srt'));
    expect(await findCaptions(dir, join(dir, 'talk.mp4'), noTracks, 'auto')).toEqual([]);
    await expect(readCaptionText(join(dir, 'talk.srt'), 'talk.srt', largestBytes.cues)).rejects.toEqual(invalid('not a plain file'));
  });

  it('that are larger than captions of a day are not read', async () => {
    const dir = temporaryFolder();
    for (const name of ['talk.srt', 'talk.json']) {
      writeFileSync(join(dir, name), '1\n00:00:01,000 --> 00:00:02,000\nHello\n');
      truncateSync(join(dir, name), 3_000_000_000);
    }
    await expect(readCaptionText(join(dir, 'talk.srt'), 'talk.srt', largestBytes.cues)).rejects.toEqual(invalid('3000 MB'));
    expect((await findCaptions(dir, join(dir, 'talk.mp4'), noTracks, 'auto')).map(({ kind }) => kind)).toEqual(['cues']);
  });
});

describe('a word list', () => {
  it('nested to any depth is refused before it takes memory', () => {
    const deep = `{"words":${'['.repeat(8_000_000)}`;
    expect(cpuOf(() => expect(parseShallowJson(deep)).toBeUndefined())).toBeLessThan(1);
    expect(parseShallowJson(`{"words":[{"text":"${'[{'.repeat(100)}\\"[","start":0}]}`)).toMatchObject({ words: [{ start: 0 }] });
    expect(() => parseWordsFile(deep, 'talk.json', 60_000_000, 'en')).toThrow(invalid('nested') as Error);
  });

  it('cannot hold a word of any length, nor grow one out of pieces', () => {
    expect(() => parseWordsFile(list(['a'.repeat(2_000)]), 'talk.json', 60_000_000, 'en')).toThrow(invalid('talk.json') as Error);
    const words = parseWordsFile(list(['a', ...Array.from({ length: 30_000 }, () => '.')]), 'talk.json', 60_000_000, 'en');
    expect(Math.max(...words.map(({ text }) => text.length))).toBeLessThanOrEqual(1_000);
  });

  it('with names of object machinery changes nothing but the list', () => {
    const words = parseWordsFile('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"words":[{"text":"a","start":0,"end":1,"__proto__":{"polluted":1}}]}', 'talk.json', 60_000_000, 'en');
    expect(words).toHaveLength(1);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('a caption file', () => {
  it.each([
    ['SRT', (text: string) => parseSrt(cue(text), 'talk.srt')],
    ['VTT', (text: string) => parseVtt(`WEBVTT\n\n${cue(text).replaceAll(',', '.')}`, 'talk.vtt')],
  ])('%s with a caption longer than anybody reads is refused by its line', (_, parse) => {
    expect(() => parse('word '.repeat(2_000))).toThrow(invalid('line') as Error);
  });

  it('with more captions than a day has seconds is refused', () => {
    expect(() => parseSrt(cue('a').repeat(100_001), 'talk.srt')).toThrow(invalid('100001 captions') as Error);
  });

  // Texts on which a careless pattern would take time that grows with the square of their length, or faster.
  it.each([
    ['opening brackets', '['], ['opening parentheses', '('], ['notes', '♪'], ['tags without an end', '<b '], ['overrides without an end', '{\\'], ['entities', '&amp;#38;'],
    ['ruby', '<rt>'], ['spaces', ' '], ['times', '00:00:01,000 --'], ['dashes', '-'], ['speakers', 'A: '],
  ])('of nothing but %s is read in its length', (_, unit) => {
    const long = unit.repeat(Math.floor(1_500_000 / unit.length));
    const lines = Array.from({ length: 300 }, () => cue(unit.repeat(Math.floor(4_800 / unit.length)))).join('\n');
    const seconds = cpuOf(() => {
      attempt(() => parseSrt(cue(long), 'talk.srt'));
      attempt(() => parseVtt(`WEBVTT\n\n${cue(long)}`, 'talk.vtt'));
      attempt(() => cueWords(parseSrt(lines, 'talk.srt'), [], 'en', 60_000_000));
    });
    expect(seconds).toBeLessThan(3);
  });
});
