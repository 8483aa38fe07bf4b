import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { installOnHost } from '../../src/app/hosts/install-on-host.js';
import { packProgram, type Program } from '../../src/app/hosts/program-files.js';
import { isStaticProgram } from '../../src/app/hosts/static-program.js';
import { parseDestination } from '../../src/pipeline/backends/ssh/destination.js';
import { SshConnection } from '../../src/pipeline/backends/ssh/ssh-connection.js';
import { noOwnNetworks, startSshHosts, type SshHosts } from '../support/ssh-hosts.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const repository = join(import.meta.dirname, '../..');

describe.skipIf(noOwnNetworks !== undefined)(`putting snvg on a host${noOwnNetworks === undefined ? '' : ` (skipped: ${noOwnNetworks})`}`, () => {
  let ssh: SshHosts;
  const path = process.env['PATH'];
  const open: SshConnection[] = [];
  const signal = new AbortController().signal;

  beforeAll(async () => {
    ssh = await startSshHosts([{ programs: ['node'] }]);
    process.env['PATH'] = ssh.env.PATH;
  });
  afterEach(() => Promise.all(open.splice(0).map((connection) => connection.disconnect())));
  afterAll(async () => {
    process.env['PATH'] = path;
    await ssh.stop();
  });

  const connection = (): SshConnection => {
    const made = new SshConnection({ destination: parseDestination('w1'), controls: undefined, cwd: '/' });
    open.push(made);
    return made;
  };
  const root = (): string => join(ssh.hosts[0]?.home ?? '', '.local/share/snvg');
  const contents = { 'bin/snvg.js': Buffer.from('console.log("hello", ...process.argv.slice(2))\n'), 'models/big': randomBytes(3_000_000), 'empty/file': Buffer.alloc(0), 'a b/ü': randomBytes(10) };

  test('all of it arrives as it was, once; what a later version shares is not sent again; two versions stay', async () => {
    const first = programOf('1.0.0-0000000000000001', contents);
    expect(await installOnHost(connection(), first, process.execPath, { signal })).toMatchObject({ changed: true, sentFiles: 4, sentBytes: first.sizeBytes, pruned: [] });
    for (const [file, bytes] of Object.entries(contents)) expect(readFileSync(join(root(), first.name, file)).equals(bytes)).toBe(true);
    expect(statSync(join(root(), first.name, 'bin/snvg.js')).mode & 0o777).toBe(0o700);
    expect(await connection().run(`"$HOME/.local/share/snvg/${first.name}/snvg" worker`, { signal })).toBe('hello worker\n');
    expect(await installOnHost(connection(), first, process.execPath, { signal })).toMatchObject({ changed: false, sentBytes: 0 });

    const second = programOf('1.0.1-0000000000000002', { ...contents, 'dist/new.js': Buffer.from('new') });
    expect(await installOnHost(connection(), second, process.execPath, { signal })).toMatchObject({ changed: true, sentFiles: 1, sentBytes: 3, pruned: [] });
    const long = new Date(Date.now() - 1e9);
    utimesSync(join(root(), first.name), long, long);
    const third = programOf('1.0.2-0000000000000003', { ...contents, 'dist/new.js': Buffer.from('newer') });
    expect((await installOnHost(connection(), third, process.execPath, { signal })).pruned).toEqual([first.name]);
    expect(readdirSync(root()).toSorted()).toEqual([second.name, third.name]);
  });

  test('a file that was spoilt there is sent anew', async () => {
    const program = programOf('2.0.0-0000000000000004', contents);
    await installOnHost(connection(), program, process.execPath, { signal });
    writeFileSync(join(root(), program.name, 'models/big'), randomBytes(3_000_000));
    expect(await installOnHost(connection(), program, process.execPath, { signal })).toMatchObject({ changed: true });
    expect(readFileSync(join(root(), program.name, 'models/big')).equals(contents['models/big'])).toBe(true);
  });

  test('killed on the way it shows nothing half, and goes on with what is missing', async () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`models/part-${index}`, randomBytes(500_000)]));
    const program = programOf('3.0.0-0000000000000005', many);
    ssh.slow('w1', 40_000);
    const sending = installOnHost(connection(), program, process.execPath, {
      signal,
      onProgress: (sentBytes) => {
        if (sentBytes > 9_000_000) ssh.killSessions('w1');
      },
    });
    await expect(sending).rejects.toMatchObject({ code: 'REMOTE_UNAVAILABLE', remedy: expect.stringContaining('what has arrived is kept') });
    ssh.restore('w1');
    expect(existsSync(join(root(), program.name))).toBe(false);
    const { sentFiles } = await installOnHost(connection(), program, process.execPath, { signal });
    expect(sentFiles).toBeLessThan(40);
    expect(sentFiles).toBeGreaterThan(0);
    for (const [file, bytes] of Object.entries(many)) expect(readFileSync(join(root(), program.name, file)).equals(bytes)).toBe(true);
  });
});

function programOf(name: string, contents: Record<string, Buffer>): Program {
  const dir = temporaryFolder();
  const files = Object.entries(contents).map(([file, bytes]) => {
    const source = join(dir, file);
    mkdirSync(dirname(source), { recursive: true });
    writeFileSync(source, bytes);
    return { path: file, source, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), executable: file.startsWith('bin/') };
  });
  return { name, files, sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), runtime: 'native' };
}

test('what is sent is what a worker needs, and no platform’s client, database or sources', async () => {
  const memoFile = join(temporaryFolder(), 'hashes.json');
  const program = await packProgram(repository, { platform: 'linux', arch: 'x64', glibc: true }, { memoFile });
  const paths = program.files.map((file) => file.path);
  for (const needed of ['bin/snvg.js', 'dist/cli.js', 'models/models.json', 'node_modules/zod/package.json', 'node_modules/onnxruntime-node/bin/napi-v6/linux/x64/onnxruntime_binding.node']) expect(paths).toContain(needed);
  expect(paths.filter((path) => /^node_modules\/(?:googleapis|openai|ink|react|better-sqlite3|@aws-sdk|bullmq|ioredis|typescript|vitest)\//.test(path) || /\.(?:map|d\.ts)$/.test(path))).toEqual([]);
  expect(paths.filter((path) => path.includes('napi-v6') && !path.includes('linux/x64'))).toEqual([]);
  expect(program.runtime).toBe('native');
  expect((await packProgram(repository, { platform: 'linux', arch: 'x64', glibc: true }, { memoFile })).name).toBe(program.name);

  const musl = await packProgram(repository, { platform: 'linux', arch: 'x64', glibc: false }, { memoFile });
  expect([musl.runtime, musl.name === program.name]).toEqual(['wasm', false]);
  expect(musl.files.map((file) => file.path)).toContain('node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm');
});

test('a program is static when no loader is named in it', async () => {
  const dir = temporaryFolder();
  const elf = (type: number): string => {
    const bytes = Buffer.alloc(64 + 56);
    bytes.write('\x7fELF\x02\x01', 0, 'latin1');
    bytes.writeBigUInt64LE(64n, 32);
    bytes.writeUInt16LE(56, 54);
    bytes.writeUInt16LE(1, 56);
    bytes.writeUInt32LE(type, 64);
    const path = join(dir, `elf-${type}`);
    writeFileSync(path, bytes);
    return path;
  };
  expect(await isStaticProgram(elf(1))).toBe(true);
  expect(await isStaticProgram(elf(3))).toBe(false);
  expect(await isStaticProgram(process.execPath)).toBe(false);
  writeFileSync(join(dir, 'script'), '#!/bin/sh\n');
  expect(await isStaticProgram(join(dir, 'script'))).toBe(false);
  expect(await isStaticProgram(join(dir, 'none'))).toBe(false);
});
