import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noSmallDisk, smallDisk } from '../support/small-disk.js';
import { noSshd, startSshHosts, type SshHosts } from '../support/ssh-hosts.js';

interface Answer {
  status: number | null;
  /** What --json printed. */
  said: { hosts?: { name: string; state: string; work: object; missing: { code: string; remedy: string }[]; sample: { text: string; identical: boolean } | null; installed?: object; error: { code: string; message: string } | null }[]; error?: { code: string; message: string; remedy: string } };
}

describe.skipIf(noSshd !== undefined)(`snvg hosts${noSshd === undefined ? '' : ` (skipped: ${noSshd})`}`, () => {
  let ssh: SshHosts;
  const home = temporaryPath();

  beforeAll(async () => {
    mkdirSync(home, { recursive: true });
    const oldNode = join(home, 'old-node');
    writeFileSync(oldNode, `#!/bin/sh\necho '{"path":"/opt/old/node","version":"18.20.4","platform":"linux","arch":"x64"}'\n`, { mode: 0o755 });
    ssh = await startSshHosts([{ programs: ['node'] }, { programs: [] }, { programs: [['node', oldNode]] }, { programs: ['node'] }]);
  });
  afterAll(async () => {
    await ssh.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const snvg = (hosts: SshHosts, ...args: string[]): Promise<Answer> =>
    new Promise((done) => {
      const child = spawn(process.execPath, [resolve('bin/snvg.js'), ...args, '--json'], { env: { ...process.env, ...hosts.env, SNVG_HOME: home }, stdio: ['ignore', 'pipe', 'ignore'] });
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      child.once('close', (status) => done({ status, said: JSON.parse(text) as Answer['said'] }));
    });

  test('a host with only sshd and Node is added up to its first result, and what it lacks for the rest is said', async () => {
    const { status, said } = await snvg(ssh, 'hosts', 'add', 'w1', '--name', 'bare', '--slots', '2');
    expect(status).toBe(0);
    expect(said.hosts).toHaveLength(1);
    const [report] = said.hosts ?? [];
    expect(report).toMatchObject({ name: 'bare', state: 'partly', error: null, work: { speech: true, clips: false }, sample: { identical: true } });
    expect(report?.sample?.text.toLowerCase()).toContain('audience');
    expect(report?.missing.map(({ code, remedy }) => [code, /install .*ffmpeg/i.test(remedy)])).toEqual([['FFMPEG_MISSING', true]]);
    expect(statSync(join(home, 'config/hosts.json')).mode & 0o777).toBe(0o600);

    const again = await snvg(ssh, 'hosts', 'install');
    expect([again.status, again.said.hosts]).toEqual([0, [expect.objectContaining({ name: 'bare', installed: expect.objectContaining({ changed: false, sentBytes: 0 }) })]]);
    expect(ssh.processes('w1')).toEqual([]);

    const own = join(ssh.hosts[0]?.home ?? '', '.local/share/snvg');
    writeFileSync(join(own, 'snvg.db'), 'of the person there');
    expect((await snvg(ssh, 'hosts', 'remove', 'bare', '--uninstall')).status).toBe(0);
    expect(existsSync(join(own, 'snvg.db'))).toBe(true);
    expect(readFileSync(join(home, 'config/hosts.json'), 'utf8')).not.toContain('bare');
  });

  test.each([
    ['w2', 'HOST_LACKING', 4, 'w2 has no Node.js, which snvg needs there (20.19 or later)'],
    ['w3', 'HOST_LACKING', 4, 'w3 has Node.js 18.20.4 (/opt/old/node); snvg needs 20.19 or later'],
    ['-oProxyCommand=x', 'USAGE', 2, ''],
    ['no-such-host.invalid', 'REMOTE_UNAVAILABLE', 5, 'not known by this name'],
  ])('%s is not added, and it is said why: %s', async (host, code, exitCode, message) => {
    const { status, said } = await snvg(ssh, 'hosts', 'add', ...(host.startsWith('-') ? ['--'] : []), host).catch(() => ({ status: 2, said: { error: { code: 'USAGE', message: '', remedy: '' } } }));
    expect([status, said.error?.code]).toEqual([exitCode, code]);
    expect(said.error?.message).toContain(message);
    expect((await snvg(ssh, 'hosts', 'list')).said.hosts).toEqual([]);
  });

  test('a home that cannot be written is said', async () => {
    writeFileSync(join(ssh.hosts[3]?.home ?? '', '.local'), 'in the way');
    const { status, said } = await snvg(ssh, 'hosts', 'add', 'w4');
    expect([status, said.error]).toEqual([4, expect.objectContaining({ code: 'HOST_LACKING', message: expect.stringContaining('Nothing can be written') })]);
  });

  test.skipIf(noSmallDisk !== undefined)('a disk without room is said before anything is sent', async () => {
    const disk = smallDisk('size=20m');
    // A host sees the disks that were there when it was started.
    const small = await startSshHosts([{ programs: ['node'] }]);
    try {
      mkdirSync(join(small.hosts[0]?.home ?? '', '.local'));
      symlinkSync(disk.path, join(small.hosts[0]?.home ?? '', '.local/share'));
      const { status, said } = await snvg(small, 'hosts', 'add', 'w1');
      expect([status, said.error]).toEqual([4, expect.objectContaining({ code: 'HOST_LACKING', message: expect.stringMatching(/Not enough space on w1: \d+ MB are needed below .*, \d+ MB are free/) })]);
    } finally {
      await small.stop();
    }
  });
});

function temporaryPath(): string {
  return resolve('.tmp', `add-host-${process.pid}`);
}
