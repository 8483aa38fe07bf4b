import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openControlFolder } from '../../src/pipeline/backends/ssh/control-folder.js';
import { parseDestination } from '../../src/pipeline/backends/ssh/destination.js';
import { SshConnection, type SshFailure } from '../../src/pipeline/backends/ssh/ssh-connection.js';
import { noOwnNetworks, noSshd, startSshHosts, type SshHosts } from '../support/ssh-hosts.js';
import { temporaryFolder } from '../support/temporary-folder.js';

describe.skipIf(noSshd !== undefined)(`a connection${noSshd === undefined ? '' : ` (skipped: ${noSshd})`}`, () => {
  let ssh: SshHosts;
  const path = process.env['PATH'];
  const open: SshConnection[] = [];
  const signal = new AbortController().signal;

  beforeAll(async () => {
    ssh = await startSshHosts([{}, { config: ['AuthorizedKeysFile none'] }, {}]);
    process.env['PATH'] = ssh.env.PATH;
  });
  afterEach(() => Promise.all(open.splice(0).map((connection) => connection.disconnect())));
  afterAll(async () => {
    process.env['PATH'] = path;
    await ssh.stop();
  });

  const to = async (host: string, options: { runtimeDir?: string; connectTimeoutSeconds?: number } = {}): Promise<SshConnection> => {
    const connection = new SshConnection({ destination: parseDestination(host), controls: await openControlFolder(options.runtimeDir ?? temporaryFolder()), cwd: '/', connectTimeoutSeconds: options.connectTimeoutSeconds ?? 2 });
    open.push(connection);
    return connection;
  };
  const fault = (connection: SshConnection) => connection.run('true', { signal }).then(() => expect.unreachable(), (error: SshFailure) => error.fault);

  test('runs scripts whatever their text, over one connection that goes when it is given up', async () => {
    const runtimeDir = temporaryFolder();
    const connection = await to('w1', { runtimeDir });
    expect(await connection.run(`printf '%s\\n' "it's" '$HOME "&;' ; exit 0`, { signal })).toBe(`it's\n$HOME "&;\n`);
    await connection.run('true', { signal });
    expect(readdirSync(join(runtimeDir, 'ssh'))).toHaveLength(1);
    const logins = readFileSync(ssh.hosts[0]?.log ?? '', 'utf8').match(/Accepted publickey/g) ?? [];
    expect(logins).toHaveLength(1);
    await connection.disconnect();
    expect(readdirSync(join(runtimeDir, 'ssh'))).toEqual([]);
    await expect(connection.run('echo twice >&2; exit 3', { signal })).rejects.toMatchObject({ exitCode: 3, stderrTail: ['twice'] });
  });

  test('carries bytes both ways, and leaves out what login scripts say', async () => {
    const home = ssh.hosts[0]?.home ?? '';
    writeFileSync(join(home, '.bashrc'), 'echo welcome to this machine; echo snvg-begin-00\n');
    onTestFinished(() => writeFileSync(join(home, '.bashrc'), ''));
    const session = await (await to('w1')).open('exec cat', { signal });
    const sent = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256));
    session.write.end(sent);
    const parts: Buffer[] = [];
    for await (const part of session.read) parts.push(part as Buffer);
    expect(Buffer.concat(parts).equals(sent)).toBe(true);
    expect((await session.ended).exitCode).toBe(0);
  });

  test('is made anew without sharing when the shared one cannot be used', async () => {
    const runtimeDir = temporaryFolder();
    const connection = await to('w1', { runtimeDir });
    await connection.run('true', { signal });
    const [socket = ''] = readdirSync(join(runtimeDir, 'ssh'));
    spawnSync('ssh', ['-o', `ControlPath=${join(runtimeDir, 'ssh', socket)}`, '-O', 'exit', 'w1'], { env: { ...process.env, ...ssh.env } });
    // Something that takes connections and never answers stands where the shared one did.
    const silent = await new Promise<Server>((resolve) => {
      const server = createServer(() => {}).listen(join(runtimeDir, 'ssh', socket), () => resolve(server));
    });
    onTestFinished(() => void silent.close());
    silent.on('connection', (one) => one.destroy());
    expect(await connection.run('echo again', { signal })).toBe('again\n');
  });

  test('leaves a connection alone that the person shares by their own config', async () => {
    const config = readFileSync(ssh.configFile, 'utf8');
    const socket = join(temporaryFolder(), 'theirs');
    writeFileSync(ssh.configFile, `Host w1\n  ControlMaster auto\n  ControlPath ${socket}\n  ControlPersist 60\n${config}`);
    onTestFinished(() => {
      spawnSync('ssh', ['-O', 'exit', 'w1'], { env: { ...process.env, ...ssh.env } });
      writeFileSync(ssh.configFile, config);
    });
    const connection = await to('w1');
    expect(await connection.run('echo hello', { signal })).toBe('hello\n');
    await connection.disconnect();
    expect(spawnSync('ssh', ['-O', 'check', 'w1'], { env: { ...process.env, ...ssh.env } }).status).toBe(0);
  });

  test('says whose fault it is in two lines', async () => {
    expect(await fault(await to('w2'))).toMatchObject({ kind: 'permission', blame: 'host', retryable: false, remedy: expect.stringContaining('ssh-copy-id w2') });
    expect(await fault(await to('no-such-host.invalid'))).toMatchObject({ kind: 'unknown-host', retryable: true });
    expect(await fault(await to('127.0.0.1:1'))).toMatchObject({ kind: 'refused', blame: 'network', message: expect.stringContaining('127.0.0.1:1') });
  });

  test('a host nobody has compared the key of is refused', async () => {
    const known = readFileSync(ssh.knownHostsFile, 'utf8');
    writeFileSync(ssh.knownHostsFile, '');
    onTestFinished(() => writeFileSync(ssh.knownHostsFile, known));
    expect(await fault(await to('w1'))).toMatchObject({ kind: 'host-key', retryable: false, message: expect.stringContaining('not known') });
  });

  test('a host with another key than it had is refused', async () => {
    await ssh.changeHostKey('w3');
    expect(await fault(await to('w3'))).toMatchObject({ kind: 'host-key', retryable: false, message: expect.stringContaining('another key'), remedy: expect.stringContaining('ssh-keygen -R') });
  });

  test('an ssh that is not there is said', async () => {
    process.env['PATH'] = temporaryFolder();
    onTestFinished(() => void (process.env['PATH'] = ssh.env.PATH));
    expect(await fault(await to('w1'))).toMatchObject({ kind: 'no-ssh', remedy: expect.stringContaining('openssh-client') });
  });

  test.skipIf(noOwnNetworks !== undefined)('fault 10: a black hole is given up after the time for connecting', async () => {
    ssh.blackhole('w1');
    onTestFinished(() => ssh.restore('w1'));
    expect(await fault(await to('w1', { connectTimeoutSeconds: 1 }))).toMatchObject({ kind: 'timeout', blame: 'network', retryable: true });
  });

  test.skipIf(noOwnNetworks !== undefined)('an abort ends what runs there', async () => {
    const controller = new AbortController();
    const running = (await to('w1')).run('exec sleep 1000', { signal: controller.signal });
    await expect.poll(() => ssh.processes('w1').map(({ command }) => command), { timeout: 10_000 }).toContain('sleep 1000');
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
  });
});
