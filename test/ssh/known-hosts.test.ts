import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkHostName, KnownHosts, type KnownHost } from '../../src/app/hosts/known-hosts.js';
import { openControlFolder } from '../../src/pipeline/backends/ssh/control-folder.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const host = (name: string): KnownHost => ({ name, destination: `ada@${name}:2222`, cores: null, program: '1.0.0-0123456789abcdef', addedAt: '2026-01-02T03:04:05.000Z', measured: null });

test('hosts are kept for this user alone, replaced by name, and forgotten', async () => {
  const configDir = join(temporaryFolder(), 'config');
  const known = new KnownHosts({ configDir });
  expect(await known.all()).toEqual([]);
  await known.put(host('one'));
  await known.put(host('two'));
  await known.put({ ...host('one'), cores: 4 });
  expect((await known.all()).map(({ name, cores }) => [name, cores])).toEqual([['one', 4], ['two', null]]);
  expect(statSync(known.path).mode & 0o777).toBe(0o600);
  expect((await known.find('ada@two:2222')).name).toBe('two');
  await known.remove('one');
  await expect(known.find('one')).rejects.toMatchObject({ code: 'HOST_NOT_FOUND', remedy: 'There are: two' });
});

test('a file that somebody broke is refused, not overwritten', async () => {
  const configDir = temporaryFolder();
  const known = new KnownHosts({ configDir });
  for (const text of ['{', '{"schemaVersion":2,"hosts":[]}', JSON.stringify({ schemaVersion: 1, hosts: [{ ...host('one'), destination: '-oProxyCommand=x' }] }), JSON.stringify({ schemaVersion: 1, hosts: [{ ...host('one'), program: '../x' }] })]) {
    writeFileSync(known.path, text);
    await expect(known.put(host('two'))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(readFileSync(known.path, 'utf8')).toBe(text);
  }
});

test('names are plain words', () => {
  expect(checkHostName('render-1.lan')).toBe('render-1.lan');
  for (const name of ['', '-x', 'a b', 'x/y', 'ä', 'x'.repeat(64)]) expect(() => checkHostName(name)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});

test('sockets lie where no one else can get at them, and in a short path', async () => {
  const deep = join(temporaryFolder(), 'a'.repeat(90));
  const elsewhere = await openControlFolder(deep);
  expect((elsewhere?.pathFor('01234567') ?? '').length).toBeLessThanOrEqual(86);
  expect(elsewhere?.pathFor('01234567')).not.toContain(deep);
  const runtimeDir = temporaryFolder();
  const near = await openControlFolder(runtimeDir);
  expect(near?.pathFor('01234567')).toBe(join(runtimeDir, 'ssh', `ssh-${process.pid}-01234567`));
  expect(statSync(join(runtimeDir, 'ssh')).mode & 0o777).toBe(0o700);
});

test('a folder that others may enter is not used, and sockets of the dead go', async () => {
  const runtimeDir = temporaryFolder();
  mkdirSync(join(runtimeDir, 'ssh'), { mode: 0o755 });
  chmodSync(join(runtimeDir, 'ssh'), 0o755);
  expect((await openControlFolder(runtimeDir))?.pathFor('01234567')).not.toContain(runtimeDir);
  chmodSync(join(runtimeDir, 'ssh'), 0o700);
  writeFileSync(join(runtimeDir, 'ssh', 'ssh-4194999-01234567'), '');
  writeFileSync(join(runtimeDir, 'ssh', `ssh-${process.pid}-01234567`), '');
  await openControlFolder(runtimeDir);
  expect(() => statSync(join(runtimeDir, 'ssh', 'ssh-4194999-01234567'))).toThrow();
  expect(statSync(join(runtimeDir, 'ssh', `ssh-${process.pid}-01234567`)).size).toBe(0);
});
