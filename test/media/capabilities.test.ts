import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { inspectFfmpeg, surveyFfmpeg } from '../../src/media/capabilities.js';
import { installHint } from '../../src/media/install-hint.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const real = execFileSync('sh', ['-c', 'command -v ffmpeg'], { encoding: 'utf8' }).trim();

function program(path: string, body: string): string {
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** The real ffmpeg, counting its starts and hiding what is named. */
function lacking(dir: string, ...names: string[]): string {
  const hidden = names.map((name) => `*=${name}) echo "Unknown filter '${name}'."; exit 0;;`).join(' ');
  return program(join(dir, 'ffmpeg'), `echo start >>'${join(dir, 'starts')}'\nfor word in "$@"; do case "$word" in ${hidden} esac; done\nexec '${real}' "$@"`);
}

class Memo {
  readonly #entries = new Map<string, string>();
  get(key: string): string | undefined {
    return this.#entries.get(key);
  }
  set(key: string, value: string): void {
    this.#entries.set(key, value);
  }
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the ffmpeg that is used', () => {
  it('is found on PATH, with what it can do', async () => {
    const { ffmpeg, ffprobe } = await inspectFfmpeg({ ffmpeg: null, ffprobe: null });
    expect(ffmpeg.path).toBe(real);
    expect(ffmpeg.identity).toMatch(/^[0-9a-f]{64}$/);
    expect(ffmpeg.present).toEqual(expect.arrayContaining(['ass', 'ebur128', 'libx264', 'aac']));
    expect(ffmpeg.missing).toEqual([]);
    expect(ffprobe.path).toContain('ffprobe');
  });

  it('is asked once: a second inspection of the same file starts no process', async () => {
    const dir = temporaryFolder();
    const ffmpeg = lacking(dir);
    const memo = new Memo();
    const first = await inspectFfmpeg({ ffmpeg }, memo);
    const starts = execFileSync('wc', ['-l', join(dir, 'starts')], { encoding: 'utf8' });
    expect(await inspectFfmpeg({ ffmpeg }, memo)).toEqual(first);
    expect(execFileSync('wc', ['-l', join(dir, 'starts')], { encoding: 'utf8' })).toBe(starts);
  });

  it('is asked again when the file changes', async () => {
    const dir = temporaryFolder();
    const memo = new Memo();
    await inspectFfmpeg({ ffmpeg: lacking(dir) }, memo);
    await expect(inspectFfmpeg({ ffmpeg: lacking(dir, 'ass') }, memo)).rejects.toMatchObject({ code: 'FFMPEG_INCAPABLE' });
  });

  it('brings the ffprobe that lies beside it', async () => {
    const dir = temporaryFolder();
    const ffmpeg = lacking(dir);
    symlinkSync(execFileSync('sh', ['-c', 'command -v ffprobe'], { encoding: 'utf8' }).trim(), join(dir, 'ffprobe'));
    expect((await inspectFfmpeg({ ffmpeg })).ffprobe.path).toBe(join(dir, 'ffprobe'));
  });

  it('may be named without a folder', async () => {
    const dir = temporaryFolder();
    mkdirSync(join(dir, 'bin'));
    program(join(dir, 'bin', 'ffmpeg-next'), `exec '${real}' "$@"`);
    vi.stubEnv('PATH', [join(dir, 'bin'), process.env['PATH']].join(delimiter));
    expect((await inspectFfmpeg({ ffmpeg: 'ffmpeg-next' })).ffmpeg.path).toBe(join(dir, 'bin', 'ffmpeg-next'));
  });
});

describe('an ffmpeg that will not do', () => {
  it('lacks something: said by name with what to do', async () => {
    const ffmpeg = lacking(temporaryFolder(), 'ass', 'libx264');
    await expect(inspectFfmpeg({ ffmpeg })).rejects.toMatchObject({
      code: 'FFMPEG_INCAPABLE',
      exitCode: 4,
      message: expect.stringContaining('without ass, libx264'),
      remedy: expect.stringContaining('--ffmpeg'),
    });
    expect((await surveyFfmpeg({ ffmpeg })).ffmpeg.missing).toEqual(['ass', 'libx264']);
  });

  it('lacks only what HDR needs: good enough, and known', async () => {
    const { ffmpeg } = await inspectFfmpeg({ ffmpeg: lacking(temporaryFolder(), 'lut3d') });
    expect(ffmpeg.optionalMissing).toEqual(['lut3d']);
  });

  it.each([
    ['ffmpeg version 4.4.2 Copyright (c) 2000-2021 the FFmpeg developers', '56. 70.100'],
    ['ffmpeg version n5.0.3-static Copyright (c) 2000-2022 the FFmpeg developers', '57. 17.100'],
    ['ffmpeg version N-99816-g3da35b7 Copyright (c) 2000-2020 the FFmpeg developers', '56. 60.100'],
  ])('is too old: %s', async (version, libavutil) => {
    const ffmpeg = program(join(temporaryFolder(), 'ffmpeg'), `cat <<'END'\n${version}\nconfiguration: --enable-gpl\nlibavutil      ${libavutil} / ${libavutil}\nEND`);
    await expect(inspectFfmpeg({ ffmpeg })).rejects.toMatchObject({ code: 'FFMPEG_TOO_OLD', message: expect.stringContaining('libavutil 57.28') });
  });

  it.each([
    ['ffmpeg version 2024-03-01-git-abc Copyright', '59.  2.100'],
    ['ffmpeg version 9.0.2-static Copyright', '61. 10.101'],
    ['ffmpeg version 5.1 Copyright', '57. 28.100'],
  ])('is not too old: %s', async (version, libavutil) => {
    const body = `case "$*" in *-version*) printf '%s\\n' '${version}' 'configuration: x' 'libavutil      ${libavutil} / ${libavutil}';; *) exec '${real}' "$@";; esac`;
    const { ffmpeg } = await inspectFfmpeg({ ffmpeg: program(join(temporaryFolder(), 'ffmpeg'), body) });
    expect(ffmpeg.version).toBe(version.split(' ')[2]);
  });

  it.each([
    ['does not exist', '/nowhere/ffmpeg', 'not a program'],
    ['is no program', '/etc/passwd', 'not a program'],
    ['is another program', '/bin/echo', 'not ffmpeg'],
    ['fails', '/bin/false', 'exit code 1'],
    ['is not on PATH', 'no-such-ffmpeg', 'not found on PATH'],
  ])('was named but %s: an error, never another one', async (_what, path, says) => {
    await expect(inspectFfmpeg({ ffmpeg: path })).rejects.toMatchObject({ code: 'FFMPEG_MISSING', message: expect.stringContaining(says) });
  });

  it('is nowhere', async () => {
    vi.stubEnv('PATH', temporaryFolder());
    await expect(inspectFfmpeg({})).rejects.toMatchObject({ code: 'FFMPEG_MISSING', remedy: expect.stringMatching(/install|package manager/i) });
  });

  it('has no ffprobe with it', async () => {
    const dir = temporaryFolder();
    vi.stubEnv('PATH', dir);
    await expect(inspectFfmpeg({ ffmpeg: real.replace(/ffmpeg$/, 'ffmpeg'), ffprobe: join(dir, 'ffprobe') })).rejects.toMatchObject({ code: 'FFMPEG_MISSING', message: expect.stringContaining('ffprobe') });
  });
});

describe('the way to install it', () => {
  it.each([
    ['darwin', [], 'brew install ffmpeg'],
    ['win32', [], 'winget install'],
    ['linux', ['/etc/debian_version'], 'apt-get install -y ffmpeg'],
    ['linux', ['/etc/alpine-release'], 'apk add ffmpeg'],
    ['linux', ['/etc/arch-release'], 'pacman -S ffmpeg'],
    ['linux', ['/etc/fedora-release'], 'dnf install ffmpeg'],
    ['linux', [], 'package manager'],
  ] as const)('on %s with %j', (platform, files, hint) => {
    expect(installHint(platform, (path) => files.some((file) => file === path))).toContain(hint);
  });
});
