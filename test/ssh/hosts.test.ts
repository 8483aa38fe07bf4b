import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noOwnNetworks, noSshd, startSshHosts, type SshHosts } from '../support/ssh-hosts.js';

const repository = resolve(import.meta.dirname, '../..');

describe.skipIf(noSshd !== undefined)(`test hosts${noSshd === undefined ? '' : ` (skipped: ${noSshd})`}`, () => {
  let ssh: SshHosts;
  beforeAll(async () => {
    ssh = await startSshHosts([{}, { programs: ['node'] }]);
  });
  afterAll(() => ssh.stop());

  const at = (host: string, command: string, ...options: string[]) => spawnSync('ssh', ['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=2', ...options, host, command], { env: { ...process.env, ...ssh.env }, encoding: 'utf8' });

  test('each has its own home and PATH', () => {
    const [first, second] = ssh.hosts;
    expect(at('w1', 'pwd; echo $HOME; command -v node; command -v ffmpeg').stdout.split('\n')).toEqual([first?.home, first?.home, `${first?.bin}/node`, `${first?.bin}/ffmpeg`, '']);
    expect(at('w2', 'echo $HOME; command -v ffmpeg || echo none').stdout).toBe(`${second?.home}\nnone\n`);
    expect(at('w1', 'exit 7').status).toBe(7);
  });

  test.skipIf(noOwnNetworks !== undefined)('a cut, a blackhole and a dead listener stop connections, and can be undone', async () => {
    for (const [stop, start] of [
      [() => ssh.cut('w1'), () => ssh.restore('w1')],
      [() => ssh.blackhole('w1'), () => ssh.restore('w1')],
      [() => ssh.killListener('w1'), () => ssh.startListener('w1')],
    ] as const) {
      stop();
      expect(at('w1', 'true').status).toBe(255);
      expect(at('w2', 'true').status).toBe(0);
      await start();
      expect(at('w1', 'echo back').stdout).toBe('back\n');
    }
    ssh.slow('w1', 2000);
    expect(at('w1', 'head -c 100000 /dev/zero | wc -c').stdout.trim()).toBe('100000');
    ssh.restore('w1');
  });

  test.skipIf(noOwnNetworks !== undefined)('what runs in killed sessions stays until it is cleared up', async () => {
    const client = spawn('ssh', ['-o', 'BatchMode=yes', 'w2', 'echo up; exec sleep 1000'], { env: { ...process.env, ...ssh.env }, stdio: ['pipe', 'pipe', 'ignore'] });
    await new Promise((done) => client.stdout.once('data', done));
    expect(ssh.processes('w2').map(({ command }) => command)).toContain('sleep 1000');
    const ended = new Promise((done) => client.once('exit', done));
    ssh.killSessions('w2');
    expect(await ended).toBe(255);
    expect(ssh.processes('w2').map(({ command }) => command)).toContain('sleep 1000');
  });

  test.skipIf(noOwnNetworks !== undefined)('another host key is refused', async () => {
    await ssh.changeHostKey('w2');
    const refused = at('w2', 'true');
    expect(refused.status).toBe(255);
    expect(refused.stderr).toContain('HOST IDENTIFICATION HAS CHANGED');
  });

  test.skipIf(noOwnNetworks !== undefined)('nothing is left of hosts whose test was killed', async () => {
    const script = `import { startSshHosts } from './test/support/ssh-hosts.js'; const ssh = await startSshHosts(1); console.log(ssh.hosts[0].namespace, ssh.hosts[0].home); setInterval(() => {}, 1000);`;
    const victim = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { cwd: repository, stdio: ['ignore', 'pipe', 'inherit'] });
    const [namespace = '', home = ''] = await new Promise<string[]>((done) => victim.stdout.setEncoding('utf8').once('data', (text: string) => done(text.trim().split(' '))));
    expect(execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' })).toContain(namespace);
    victim.kill('SIGKILL');
    while (existsSync(home)) await new Promise((done) => setTimeout(done, 50));
    expect(execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' })).not.toContain(namespace);
  });
});
