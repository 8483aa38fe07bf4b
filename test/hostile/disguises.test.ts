import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runFfmpeg } from '../../src/media/ffmpeg.js';
import { probeFile } from '../../src/media/probe.js';
import { checkFile } from '../../src/pipeline/ingest/check-file.js';
import { layBait } from '../fuzz/bait.js';
import { disguises } from '../fuzz/disguises.js';
import { mediaHost, type TestMediaHost } from '../support/media-host.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** A media host whose ffmpeg and ffprobe run under strace; `touched()` is what they opened and whom they called. */
function watchedHost(dir: string): TestMediaHost & { touched(): string } {
  const calls = join(dir, 'calls');
  const wrapper = (tool: string): string => {
    const path = join(dir, tool);
    writeFileSync(path, `#!/bin/sh\nexec strace -f -qq -e trace=openat,open,connect -e signal=none -s 400 -A -o '${calls}' ${tool} "$@"\n`, { mode: 0o755 });
    return path;
  };
  const host = mediaHost({ ffmpeg: wrapper('ffmpeg') });
  return { ...host, toolchain: { ffmpeg: host.toolchain.ffmpeg, ffprobe: { path: wrapper('ffprobe') } }, touched: () => (existsSync(calls) ? readFileSync(calls, 'utf8') : '') };
}

describe.skipIf(process.platform !== 'linux')('a list, playlist or script named like a film', () => {
  let bait: Awaited<ReturnType<typeof layBait>>;
  beforeAll(async () => {
    bait = await layBait(resolve('fixtures/beep-flash.mp4'));
  });
  afterAll(() => bait.remove());

  it.for(disguises({ film: '/nowhere', url: 'http://127.0.0.1:1' }).map(({ name }) => name))('%s opens neither a file nor a connection', async (name) => {
    const dir = temporaryFolder();
    const host = watchedHost(dir);
    const path = join(dir, name);
    writeFileSync(path, disguises(bait).find((one) => one.name === name)?.bytes ?? '');
    const probed = await probeFile(host, path).catch((error: unknown) => error);
    const decoded = await runFfmpeg(host, { inputs: [{ path }], outputs: [{ to: null, options: ['-map', '0'] }] }).catch((error: unknown) => error);
    const touched = host.touched();
    expect(touched).toContain(name);
    expect(touched).not.toContain(bait.film);
    expect(touched).not.toMatch(/sa_family=AF_INET/);
    expect(bait.connections()).toBe(0);
    // A film whose track lies elsewhere and a bare cue mark have a description but nothing to play.
    if (name !== 'external.mov' && name !== 'cue.flac') expect(probed).toMatchObject({ code: expect.stringMatching(/^MEDIA_/) });
    if (name !== 'external.mov') expect(decoded).toMatchObject({ code: expect.stringMatching(/^MEDIA_|^TOOL_FAILED/) });
  });

  it('is what the bait would be taken by, were it let in', () => {
    const dir = temporaryFolder();
    const path = join(dir, 'concat.mp4');
    writeFileSync(path, disguises(bait)[0]?.bytes ?? '');
    const said = execFileSync('ffprobe', ['-v', 'error', '-safe', '0', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0', path], { encoding: 'utf8' });
    expect(said).toContain('h264');
  });
});

describe('a film whose name is more than a name', () => {
  it.for(['concat:a.mp4|b.mp4', 'subfile,,start,0,end,0,,:film.mp4', 'http:film.mp4', 'pipe:0', 'data:video,x', 'crypto:film.mp4', 'async:cache:film.mp4', '-i', '-y', '%03d.mp4', '*.mp4', 'film.mp4|', '[0:v]null', '|touch pwned', '$(touch pwned).mp4'])('%s is opened as the file it is', async (name) => {
    const host = mediaHost();
    const dir = temporaryFolder();
    const path = join(dir, name);
    copyFileSync(resolve('fixtures/lang-it.m4a'), path);
    expect((await probeFile(host, path)).streams.length).toBeGreaterThan(0);
    await runFfmpeg(host, { inputs: [{ path, durationUs: 200_000 }], outputs: [{ to: null, options: ['-map', '0:a'] }] });
    expect(existsSync(join(host.scratchDir, 'pwned'))).toBe(false);
  });
});

describe('what is no file', () => {
  it('is refused by a look at it, without waiting: pipes, devices, sockets, links in a circle', async () => {
    const dir = temporaryFolder();
    execFileSync('mkfifo', [join(dir, 'pipe.mp4')]);
    symlinkSync('pipe.mp4', join(dir, 'to-pipe.mp4'));
    symlinkSync('/dev/zero', join(dir, 'zero.mp4'));
    symlinkSync('round.mp4', join(dir, 'round.mp4'));
    mkdirSync(join(dir, 'folder.mp4'));
    for (const name of ['pipe.mp4', 'to-pipe.mp4', 'zero.mp4', 'folder.mp4']) await expect(checkFile(join(dir, name)), name).rejects.toMatchObject({ code: 'MEDIA_NOT_A_FILE' });
    await expect(checkFile(join(dir, 'round.mp4'))).rejects.toMatchObject({ code: 'MEDIA_UNREADABLE' });
  });
});
