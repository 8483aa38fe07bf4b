import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ClipNaming } from '../../src/app/clip-naming.js';
import type { Moment } from '../../src/artifacts/schemas/selection.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const second = 1_000_000;

function moment(index: number, changes: Partial<Moment> = {}): Moment {
  return {
    index,
    rank: index,
    candidateId: `c${index}`,
    lineage: `abcdef012345678${index}`,
    ranges: [{ startUs: index * 10 * second, endUs: (index * 10 + 4) * second }],
    title: 'A title',
    description: '',
    hashtags: [],
    score: 71.6,
    scoreParts: {},
    reason: '',
    notices: [],
    edges: { pauseBeforeUs: 0, pauseAfterUs: 0, firstWord: '', lastWord: '' },
    ...changes,
  };
}

async function names(template: string, moments: Moment[]): Promise<string[]> {
  const path = join(temporaryFolder(), 'My talk.mp4');
  writeFileSync(path, '');
  utimesSync(path, 0, Date.UTC(2024, 5, 1) / 1000);
  const naming = ClipNaming.of(template, '/out');
  const file = { path, sha256: '', sizeBytes: 0 };
  await naming.plan({ jobId: 'j', sourcePath: path, outputDir: '/out' }, { file, selection: { schemaVersion: 1, language: 'ja', moments } });
  return moments.map((one) => naming.stemOf(one));
}

test('every field', async () => {
  const joined = moment(2, { ranges: [{ startUs: 3_723_500_000, endUs: 3_724_000_000 }, { startUs: 3_800_000_000, endUs: 3_801_600_000 }] });
  expect(await names('{index}-{title}', [moment(1)])).toEqual(['01-A-title']);
  expect(await names('{source} {index:3} {start} {end} {duration:3}', [joined])).toEqual(['My talk 002 01-02-03.500 01-03-21.600 002']);
  expect(await names('{score}_{date}_{language}_{id}_{lineage:6}', [joined])).toEqual(['72_2024-06-01_ja_c2_abcdef']);
});

test('two clips that would have one name are refused, naming them and the field that tells them apart', async () => {
  await expect(names('{title}', [moment(1), moment(2, { title: 'Another' }), moment(3, { title: 'a TITLE?' })])).rejects.toMatchObject({
    code: 'USAGE',
    exitCode: 2,
    message: 'Clip 1 (10.0-14.0 s) and clip 3 (30.0-34.0 s) would both be called "a-TITLE"',
    remedy: "Add {index} to the template: --name-template '{index}-{title}'.",
  });
  await expect(names('{title}', [moment(1), moment(2, { title: 'Ａ' }), moment(3, { title: 'Á'.normalize('NFD') }), moment(4, { title: 'á' })])).rejects.toThrow(/Clip 3 .* and clip 4/);
  expect(await names('{title}', [moment(1), moment(2, { title: 'Another' })])).toEqual(['A-title', 'Another']);
});

test('a template that cannot tell clips apart is refused before any work', () => {
  expect(() => ClipNaming.of('{source}-{language}', '/out').requireDistinct()).toThrow(/would give every clip the same name/);
  expect(() => ClipNaming.of('{lineage:8}', '/out').requireDistinct()).not.toThrow();
});

test.each([
  ['a folder', 'a/{index}', /holds a \/, but it names files/],
  ['a backslash', 'a\\{index}', /holds a \\/],
  ['a colon', '{index}: {title}', /holds ":"/],
  ['an override of direction', '{index}\u202E{title}', /not every file system/],
  ['a leading dash', '-{index}', /begins with "-"/],
  ['a leading dot', '.{index}', /begins with "\."/],
  ['too much text', `{index}${'x'.repeat(170)}`, /170 bytes of text/],
  ['the format', '{index}.{format}', /there is no field \{format\}/],
])('refuses %s', (_what, template, message) => {
  expect(() => ClipNaming.of(template, '/out')).toThrow(message);
});

test('deep folders get shorter names, and too deep ones are refused', async () => {
  const deep = `/${'x'.repeat(200)}`.repeat(20).slice(0, 4000);
  const naming = ClipNaming.of('{index}-{title}', deep);
  const path = join(temporaryFolder(), 'a');
  writeFileSync(path, '');
  const long = moment(1, { title: 'word '.repeat(60) });
  await naming.plan({ jobId: 'j', sourcePath: path, outputDir: deep }, { file: { path, sha256: '', sizeBytes: 0 }, selection: { schemaVersion: 1, language: 'en', moments: [long] } });
  expect(Buffer.byteLength(`${deep}/.previous/${naming.stemOf(long)}.vertical.mp4`)).toBeLessThanOrEqual(4095);
  expect(() => ClipNaming.of('{index}', `${deep}${'y'.repeat(60)}`)).toThrow(/no file name fits behind it/);
});
