import { mkdirSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hashFile } from '../../src/artifacts/fingerprint.js';
import { OutputFolder } from '../../src/output/folder.js';
import { temporaryFolder } from '../support/temporary-folder.js';

async function made(text: string): Promise<{ path: string; sha256: string }> {
  const path = join(temporaryFolder(), 'made');
  writeFileSync(path, text);
  return { path, sha256: (await hashFile(path)).sha256 };
}

test('delivers, replaces its own, and is the same the second time', async () => {
  const dir = join(temporaryFolder(), 'out');
  const folder = await OutputFolder.inspect(dir, 'job');
  await folder.deliver('01-a.mp4', await made('one'), 'm1');
  await folder.write('manifest.json', '{}');
  const again = await OutputFolder.inspect(dir, 'job');
  await again.deliver('01-a.mp4', await made('two'), 'm1');
  expect(readFileSync(join(dir, '01-a.mp4'), 'utf8')).toBe('two');
  expect(readdirSync(dir).toSorted()).toEqual(['.snvg.json', '01-a.mp4', 'manifest.json']);
});

test('refuses a folder with things of others, of another job, a file, and a changed clip', async () => {
  const dir = temporaryFolder();
  writeFileSync(join(dir, 'holiday.jpg'), 'x');
  await expect(OutputFolder.inspect(dir, 'job')).rejects.toMatchObject({ code: 'OUTPUT_NOT_OURS', exitCode: 2 });
  await expect(OutputFolder.inspect(join(dir, 'holiday.jpg'), 'job')).rejects.toMatchObject({ code: 'OUTPUT_NOT_OURS' });
  const own = join(dir, 'own');
  await (await OutputFolder.inspect(own, 'job')).deliver('01-a.mp4', await made('one'), 'm1');
  await expect(OutputFolder.inspect(own, 'other-job')).rejects.toMatchObject({ code: 'OUTPUT_NOT_OURS' });
  writeFileSync(join(own, '01-a.mp4'), 'edited by a person');
  await expect(OutputFolder.inspect(own, 'job')).rejects.toThrow(/was changed after snvg wrote it/);
});

test('a touched but equal file is still ours; a foreign file under a needed name is refused', async () => {
  const dir = join(temporaryFolder(), 'out');
  const folder = await OutputFolder.inspect(dir, 'job');
  await folder.deliver('01-a.mp4', await made('one'), 'm1');
  utimesSync(join(dir, '01-a.mp4'), 1, 1);
  writeFileSync(join(dir, '02-b.mp4'), 'somebody else');
  const again = await OutputFolder.inspect(dir, 'job');
  await expect(again.deliver('02-b.mp4', await made('two'), 'm2')).rejects.toMatchObject({ code: 'OUTPUT_NOT_OURS' });
  expect(readFileSync(join(dir, '02-b.mp4'), 'utf8')).toBe('somebody else');
});

test('an edited caption file is kept, found by its moment, and follows it to a new name', async () => {
  const dir = join(temporaryFolder(), 'out');
  const folder = await OutputFolder.inspect(dir, 'job');
  await folder.deliver('01-a.srt', await made('words'), 'm1');
  expect(await folder.editedCaptions('m1')).toBeUndefined();
  writeFileSync(join(dir, '01-a.srt'), 'corrected words');
  const again = await OutputFolder.inspect(dir, 'job');
  expect(await again.editedCaptions('m1')).toBe(join(dir, '01-a.srt'));
  await again.deliver('02-a.srt', await made('generated anew'), 'm1');
  expect(readFileSync(join(dir, '02-a.srt'), 'utf8')).toBe('corrected words');
  await again.retireAllBut(new Set(['02-a.srt']));
  expect(await (await OutputFolder.inspect(dir, 'job')).editedCaptions('m1')).toBe(join(dir, '02-a.srt'));
});

test('what is no longer delivered moves to .previous', async () => {
  const dir = join(temporaryFolder(), 'out');
  const folder = await OutputFolder.inspect(dir, 'job');
  await folder.deliver('01-a.mp4', await made('one'), 'm1');
  await folder.deliver('02-b.mp4', await made('two'), 'm2');
  expect(await folder.retireAllBut(new Set(['01-a.mp4']))).toEqual(['02-b.mp4']);
  expect(readFileSync(join(dir, '.previous', '02-b.mp4'), 'utf8')).toBe('two');
});

test('a kill between announcing a file and its rename leaves a folder that is still ours', async () => {
  const dir = join(temporaryFolder(), 'out');
  const folder = await OutputFolder.inspect(dir, 'job');
  await folder.deliver('01-a.mp4', await made('one'), 'm1');
  // What the kill leaves: the ledger speaks of the new file, the old one lies there, a temporary one too.
  const before = join(dir, 'kept-aside');
  renameSync(join(dir, '01-a.mp4'), before);
  writeFileSync(join(dir, '01-a.mp4'), 'one');
  utimesSync(join(dir, '01-a.mp4'), 5, 5);
  renameSync(before, join(dir, '.0123456789ab.part'));
  const resumed = await OutputFolder.inspect(dir, 'job');
  await resumed.deliver('01-a.mp4', await made('two'), 'm1');
  expect(readFileSync(join(dir, '01-a.mp4'), 'utf8')).toBe('two');
  expect(readdirSync(dir)).not.toContain('.0123456789ab.part');
});

test('a folder that cannot be made says so', async () => {
  const dir = temporaryFolder();
  writeFileSync(join(dir, 'file'), '');
  mkdirSync(join(dir, 'ok'));
  await expect(OutputFolder.inspect(join(dir, 'file', 'out'), 'job')).rejects.toMatchObject({ code: 'OUTPUT_NOT_OURS' });
});
