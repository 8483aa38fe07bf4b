import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { inputSettings } from '../../src/config/overrides.js';
import { expandInputs, type ExpandedInputs } from '../../src/sources/expand-inputs.js';
import { remoteInput } from '../../src/sources/url-input.js';
import { temporaryFolder } from '../support/temporary-folder.js';

let dir = '';
beforeEach(() => {
  dir = temporaryFolder();
  for (const name of ['10.mp4', '2.mp4', 'a b.MOV', 'notes.txt', '.hidden.mp4', 'x.mp4.part', 'old.mp4~', "it's [1]{2}*?.mkv"]) writeFileSync(join(dir, name), name);
  for (const folder of ['deep', 'talk.snvg', '.cache', 'empty']) mkdirSync(join(dir, folder));
  for (const path of ['deep/3.webm', 'talk.snvg/01.mp4', '.cache/z.mp4']) writeFileSync(join(dir, path), path);
});

function expand(args: string[], more: { stdin?: string; fromList?: string; recursive?: boolean; cwd?: string } = {}): Promise<ExpandedInputs> {
  const { stdin = '', fromList = null, recursive = false, cwd = dir } = more;
  return expandInputs(args, { cwd, stdin: Readable.from([Buffer.from(stdin)]), fromList, recursive, listS3: (prefix) => Promise.resolve([`${prefix}b.mp4`, `${prefix}a.mp4`]) });
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
  ])('of a wrong list are refused by line: %j', async (stdin, where, what) => {
    await expect(expand(['-'], { stdin })).rejects.toMatchObject({ code: 'LIST_INVALID', message: expect.stringMatching(new RegExp(`${where}.*${what}`)) as string });
  });

  it('named twice are taken once, and said', async () => {
    symlinkSync(join(dir, '2.mp4'), join(dir, 'link.mp4'));
    const { inputs, remarks } = await expand(['2.mp4', './2.mp4', 'link.mp4']);
    expect(inputs).toHaveLength(1);
    expect(remarks).toEqual(['link.mp4 is the same file as 2.mp4, which is already taken']);
  });

  it('may be addresses', async () => {
    expect(await names(['https://example.org/a.mp4', 's3://bucket/in/', 'file://' + join(dir, '2.mp4')])).toEqual(['https://example.org/a.mp4', 's3://bucket/in/a.mp4', 's3://bucket/in/b.mp4', '2.mp4']);
    expect(remoteInput('https://youtube.example/watch?v=abc123').name).toBe('youtube.example-abc123');
    for (const wrong of ['ftp://example.org/a.mp4', 'https://', 's3://bucket']) await expect(expand([wrong])).rejects.toMatchObject({ code: expect.stringMatching(/^(USAGE|MEDIA_MISSING)$/) as string });
    await expect(expand([])).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('settings of one input', () => {
  it('are those a clip is made by, checked as everywhere', () => {
    expect(inputSettings({ language: 'ja', output: 'x', format: ['square'] }, 'a.mp4')).toEqual({ language: 'ja', output: 'x', format: ['square'] });
    expect(() => inputSettings({ langage: 'ja' }, 'a.mp4')).toThrow(expect.objectContaining({ code: 'LIST_INVALID', remedy: 'Did you mean "language"?' }) as Error);
    expect(() => inputSettings({ clips: 'many' }, 'a.mp4')).toThrow(expect.objectContaining({ code: 'LIST_INVALID' }) as Error);
    expect(() => inputSettings({ ffmpeg: '/tmp/evil' }, 'a.mp4')).toThrow(expect.objectContaining({ code: 'LIST_INVALID' }) as Error);
  });
});
