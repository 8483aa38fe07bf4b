import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/config/load.js';
import { inputSettings } from '../../src/config/overrides.js';
import { expandInputs, type ExpandedInputs } from '../../src/sources/expand-inputs.js';
import { remoteInput } from '../../src/sources/url-input.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const { settings } = await loadSettings({ flags: {}, env: {}, cwd: '/', configDir: '/nowhere' });
let dir = '';
beforeEach(() => {
  dir = temporaryFolder();
  for (const name of ['10.mp4', '2.mp4', 'a b.MOV', 'notes.txt', '.hidden.mp4', 'x.mp4.part', 'old.mp4~', "it's [1]{2}*?.mkv"]) writeFileSync(join(dir, name), name);
  for (const folder of ['deep', 'talk.snvg', '.cache', 'empty']) mkdirSync(join(dir, folder));
  for (const path of ['deep/3.webm', 'talk.snvg/01.mp4', '.cache/z.mp4']) writeFileSync(join(dir, path), path);
});

function expand(args: string[], more: { stdin?: string; fromList?: string; recursive?: boolean; cwd?: string } = {}): Promise<ExpandedInputs> {
  const { stdin = '', fromList = null, recursive = false, cwd = dir } = more;
  return expandInputs(args, { cwd, stdin: Readable.from([Buffer.from(stdin)]), fromList, recursive, settingsOf: (own, line) => inputSettings(own, { ...line, run: settings }), listS3: (prefix) => Promise.resolve([`${prefix}b.mp4`, `${prefix}a.mp4`]) });
}

async function names(args: string[], more: Parameters<typeof expand>[1] = {}): Promise<string[]> {
  return (await expand(args, more)).inputs.map(({ given }) => (given.startsWith('/') ? relative(dir, given) : given));
}

describe('inputs', () => {
  it('of a folder are its films as people count them, without hidden, unfinished and made ones', async () => {
    expect(await names(['.'])).toEqual(['2.mp4', '10.mp4', 'a b.MOV', "it's [1]{2}*?.mkv"]);
    expect(await names(['.'], { recursive: true })).toEqual(['2.mp4', '10.mp4', 'a b.MOV', 'deep/3.webm', "it's [1]{2}*?.mkv"]);
    await expect(expand(['empty'])).rejects.toMatchObject({ code: 'MEDIA_MISSING', remedy: expect.stringContaining('--recursive') as string });
  });

  it('of a pattern are what it matches; a file whose name looks like one is that file', async () => {
    expect(await names(['*.mp4'])).toEqual(['2.mp4', '10.mp4']);
    expect(await names(['{2,10}.mp4', '**/*.webm'])).toEqual(['2.mp4', '10.mp4', 'deep/3.webm']);
    expect(await names(["it's [1]{2}*?.mkv"])).toEqual(["it's [1]{2}*?.mkv"]);
    await expect(expand(['*.avi'])).rejects.toMatchObject({ code: 'MEDIA_MISSING', message: 'No file matches *.avi' });
  });

  it('of a list are its lines, paths counting from the list, with settings of their own', async () => {
    const list = '\uFEFF# of today\r\n2.mp4\r\n\r\n"a b.MOV"\r\nhttps://example.org/x.mp4\r\n{"input": "10.mp4", "language": "ja", "clips": 3}\r\n';
    writeFileSync(join(dir, 'list.txt'), list);
    const { inputs } = await expand([], { fromList: join('.', 'list.txt') });
    expect(inputs.map(({ given, options }) => [relative(dir, given), options])).toEqual([['2.mp4', undefined], ['a b.MOV', undefined], [relative(dir, 'https://example.org/x.mp4'), undefined], ['10.mp4', { language: 'ja', clips: 3 }]]);
    expect(await names(['-'], { stdin: list, cwd: dir })).toHaveLength(4);
    expect(await names([], { fromList: '-', stdin: 'deep/*.webm\n' })).toEqual(['deep/3.webm']);
  });

  it.each([
    ['{"input": 3}', 'Line 1', '"input"'],
    ['2.mp4\n{nonsense', 'Line 2', 'JSON'],
    ['\n# only remarks\n', 'names no input', ''],
    ['\0\0', 'Line 1', 'zero byte'],
    ['2.mp4\n\n-', 'Line 3', 'names a list'],
    ['2.mp4\n\n*.avi', 'Line 3', 'No file matches'],
    ['2.mp4\nftp://example.org/a.mp4', 'Line 2', 'not fetched by ftp'],
    ['2.mp4\n{"input": "2.mp4", "clip": 3}', 'Line 2', '"clip"'],
  ])('of a wrong list are refused by line: %j', async (stdin, where, what) => {
    await expect(expand(['-'], { stdin })).rejects.toMatchObject({ code: expect.stringMatching(/^(LIST_INVALID|MEDIA_MISSING|USAGE)$/) as string, message: expect.stringMatching(new RegExp(`${where}.*${what}`)) as string });
  });

  it('of a pattern leave out what snvg made and what is no film; folders that exist under their name are no pattern', async () => {
    mkdirSync(join(dir, '[2020] talks'));
    for (const name of ['talk 10.mp4', 'talk 2.mp4', 'talk 2.srt', '.hidden.mp4']) writeFileSync(join(dir, '[2020] talks', name), name);
    expect(await names(['[2020] talks/*'])).toEqual(['[2020] talks/talk 2.mp4', '[2020] talks/talk 10.mp4']);
    expect(await names([join(dir, '[2020] talks/*{2,3}.*')])).toEqual(['[2020] talks/talk 2.mp4']);
    expect(await names(['../[2020] talks/talk ?.*'], { cwd: join(dir, 'deep') })).toEqual(['[2020] talks/talk 2.mp4']);
    expect(await names(['**/*.mp4'])).toEqual(['[2020] talks/talk 2.mp4', '[2020] talks/talk 10.mp4', '2.mp4', '10.mp4']);
    expect(await names(['talk.snvg/*.mp4', '*.txt'])).toEqual(['talk.snvg/01.mp4', 'notes.txt']);
  });

  it('that are missing stay: their jobs say so', async () => {
    expect(await names(['missing.mp4', '-x.mp4', 'a:b.mp4'])).toEqual(['missing.mp4', '-x.mp4', 'a:b.mp4']);
  });

  it('of a list that is a folder, missing, no text or a film are refused', async () => {
    writeFileSync(join(dir, 'latin1.txt'), Buffer.from([0x66, 0xfc, 0x72, 0x2e, 0x6d, 0x70, 0x34]));
    writeFileSync(join(dir, 'film.mp4'), Buffer.alloc(17 * 2 ** 20, 0x20));
    for (const [fromList, message] of [['deep', 'cannot be read (EISDIR)'], ['nowhere.txt', 'cannot be read (ENOENT)'], ['latin1.txt', 'not text in UTF-8'], ['film.mp4', 'longer than 16 MB']] as const) {
      await expect(expand([], { fromList })).rejects.toMatchObject({ code: 'LIST_INVALID', message: expect.stringContaining(message) as string });
    }
  });

  it('named twice are taken once, and said', async () => {
    symlinkSync(join(dir, '2.mp4'), join(dir, 'link.mp4'));
    const { inputs, remarks } = await expand(['2.mp4', './2.mp4', 'link.mp4']);
    expect(inputs).toHaveLength(1);
    expect(remarks).toEqual(['link.mp4 is the same file as 2.mp4, which is already taken']);
  });

  it('may be addresses', async () => {
    expect(await names(['https://example.org/a.mp4', 's3://bucket/in/', 'file://' + join(dir, '2.mp4')])).toEqual(['https://example.org/a.mp4', 's3://bucket/in/a.mp4', 's3://bucket/in/b.mp4', '2.mp4']);
    expect(remoteInput('https://youtube.example/watch?v=abc123').name).toBe('youtube-example-watch-abc123');
    for (const wrong of ['ftp://example.org/a.mp4', 'https://', 's3://bucket']) await expect(expand([wrong])).rejects.toMatchObject({ code: expect.stringMatching(/^(USAGE|MEDIA_MISSING)$/) as string });
    await expect(expand([])).rejects.toMatchObject({ code: 'USAGE' });
  });
});

function refusal(message: string, remedy: string): Error {
  return expect.objectContaining({ code: 'LIST_INVALID', message: expect.stringContaining(message) as string, remedy: expect.stringContaining(remedy) as string }) as Error;
}

describe('settings of one input', () => {
  it('are those a clip is made by, checked as everywhere', () => {
    const line = { where: 'Line 3 of list.txt', from: '/lists {1}', run: settings };
    expect(inputSettings({ language: 'ja', output: 'out/{source}', cover: '../a.png', format: 'square,wide' }, line)).toEqual({ language: 'ja', output: '/lists {{1}}/out/{source}', cover: '/a.png', format: ['square', 'wide'] });
    expect(() => inputSettings({ langage: 'ja' }, line)).toThrow(refusal('Line 3 of list.txt has the setting "langage"', 'Did you mean "language"?'));
    expect(() => inputSettings({ clips: 'many' }, line)).toThrow(refusal('Line 3 of list.txt has "clips": "many"', 'a whole number from 1 to 50'));
    expect(() => inputSettings({ ffmpeg: '/tmp/evil' }, line)).toThrow(refusal('Line 3 of list.txt', 'An input may have'));
    expect(() => inputSettings({ allowPrivateNetwork: true }, line)).toThrow(refusal('Line 3 of list.txt', 'An input may have'));
    expect(() => inputSettings({ minLength: 90 }, line)).toThrow(refusal('the shortest clip (90 s) would be longer than the longest (60 s)', 'both'));
  });
});
