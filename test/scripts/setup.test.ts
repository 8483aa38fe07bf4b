import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const scripts = resolve(import.meta.dirname, '../../script');

/** What script/setup.sh itself needs from a system. */
const basics = ['bash', 'sed', 'dirname', 'uname', 'env', 'cat'];

describe('script/demo and script/test on a machine that lacks something', () => {
  let bin = '';
  beforeEach(() => {
    bin = mkdtempSync(join(tmpdir(), 'snvg-bin-'));
    for (const name of basics) link(name);
    program('id', 'echo 1000');
  });
  afterEach(() => rmSync(bin, { recursive: true, force: true }));

  function link(name: string): void {
    const found = spawnSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
    symlinkSync(found, join(bin, name));
  }

  function program(name: string, body: string): void {
    writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(bin, name), 0o755);
  }

  function run(script: 'demo' | 'test'): { lines: string[]; exitCode: number | null } {
    const { stderr, status } = spawnSync('/bin/bash', [join(scripts, script)], { env: { PATH: bin, HOME: bin, SNVG_SBIN: bin }, encoding: 'utf8', timeout: 20_000 });
    return { lines: stderr.trimEnd().split('\n'), exitCode: status };
  }

  it.each(['demo', 'test'] as const)('%s says that Node is missing', (script) => {
    expect(run(script)).toEqual({ exitCode: 4, lines: ['error: Node.js is not installed', expect.stringContaining('Install Node 20.19 or later')] });
  });

  it.each(['18.19.1', '20.18.9'])('says that Node %s is too old', (version) => {
    program('node', `echo ${version}`);
    expect(run('demo')).toEqual({ exitCode: 4, lines: [`error: Node ${version} is too old: snvg needs 20.19 or later`, expect.stringContaining('Install Node 20.19 or later')] });
  });

  it('prints the command to run as root when it may not install', () => {
    program('node', 'echo 22.1.0');
    program('npm', 'exit 1');
    program('apt-get', 'echo must not run; exit 1');
    expect(run('test')).toEqual({
      exitCode: 4,
      lines: [
        'error: these system packages are missing and need root to install: ffmpeg python3 make g++ chromium tmux strace systemd yt-dlp redis-server openssh-client openssh-server iproute2 iptables',
        'Run as root: apt-get update && apt-get install -y --no-install-recommends ffmpeg python3 make g++ chromium tmux strace systemd yt-dlp redis-server openssh-client openssh-server iproute2 iptables',
      ],
    });
  });

  it('prints the command with sudo when sudo wants a password and nobody is there to type it', () => {
    program('node', 'echo 22.1.0');
    program('npm', 'exit 1');
    program('apt-get', 'echo must not run; exit 1');
    program('sudo', 'exit 1');
    const { exitCode, lines } = run('demo');
    expect(exitCode).toBe(4);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toBe("Run: sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends ffmpeg python3 make g++'");
  });

  it('refuses an ffmpeg before 5.1 before it installs anything', () => {
    program('node', 'echo 22.1.0');
    for (const name of ['npm', 'python3', 'make', 'g++']) program(name, 'exit 1');
    program('ffmpeg', 'echo "libavutil      56. 70.100 / 56. 70.100"');
    expect(run('demo')).toEqual({ exitCode: 4, lines: [`error: the ffmpeg at ${join(bin, 'ffmpeg')} is older than 5.1`, expect.stringContaining('Install ffmpeg 5.1 or later')] });
  });
});
