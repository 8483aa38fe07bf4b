import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findSidecars } from '../../src/captions/sidecars.js';
import { temporaryFolder } from '../support/temporary-folder.js';

it('finds caption files under the name of the source, word times first', async () => {
  const dir = temporaryFolder();
  for (const name of ['talk.mp4', 'talk.srt', 'talk.json', 'talk.en.vtt', 'talk.pt-BR.SRT', 'talk.final cut.srt', 'talk.info.json', 'talk2.srt', 'other.srt', 'talk.txt', 'talk.snvg.vtt']) {
    writeFileSync(join(dir, name), 'x');
  }
  writeFileSync(join(dir, 'talk.vtt'), '');
  mkdirSync(join(dir, 'talk.fr.srt'));
  const found = await findSidecars(join(dir, 'talk.mp4'));
  expect(found.map(({ kind, name }) => [kind, name])).toEqual([
    ['words', 'talk.json'],
    ['cues', 'talk.srt'],
    ['cues', 'talk.en.vtt'],
    ['cues', 'talk.pt-BR.SRT'],
  ]);
  expect(found.every(({ origin, streamIndex }) => origin === 'sidecar' && streamIndex === null)).toBe(true);
});

it('finds none where the folder cannot be read', async () => {
  expect(await findSidecars(join(temporaryFolder(), 'gone', 'talk.mp4'))).toEqual([]);
});
