import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runFfmpeg } from '../../src/media/ffmpeg.js';
import { probeFile } from '../../src/media/probe.js';
import { mediaHost } from '../support/media-host.js';
import { oddInputs } from '../support/odd-inputs.js';

const beep = resolve('fixtures/beep-flash.mp4');
const raw = { to: 'pipe:1', options: ['-map', '0:v', '-pix_fmt', 'gray', '-f', 'rawvideo'] };

describe('runFfmpeg', () => {
  it('tells progress, its own CPU seconds and where it ended', async () => {
    const host = mediaHost();
    const seen: number[] = [];
    const result = await runFfmpeg(
      host,
      { inputs: [{ path: beep, seekUs: 10_000_000, durationUs: 4_000_000 }], outputs: [{ to: 'cut.mp4', options: ['-map', '0', '-c:v', 'libx264', '-preset', 'ultrafast'] }] },
      { expectedUs: 4_000_000, progress: (fraction) => seen.push(fraction) },
    );
    expect(seen.at(-1)).toBe(1);
    expect(seen.every((fraction, index) => fraction >= (seen[index - 1] ?? 0) && fraction <= 1)).toBe(true);
    expect(result.cpuSeconds).toBeGreaterThan(0);
    expect(host.cpuSeconds).toBe(result.cpuSeconds);
    expect(result.outTimeUs).toBeGreaterThan(3_900_000);
    const { format } = await probeFile(host, join(host.scratchDir, 'cut.mp4'));
    expect(Number(format.duration)).toBeCloseTo(4, 1);
  });

  it('holds ffmpeg back while its output is consumed, and loses no byte', async () => {
    let bytes = 0;
    let working = 0;
    await runFfmpeg(
      mediaHost(),
      { inputs: [{ path: beep, durationUs: 2_000_000 }], outputs: [raw] },
      {
        onStdoutChunk: async (chunk) => {
          working += 1;
          expect(working).toBe(1);
          await sleep(1);
          bytes += chunk.length;
          working -= 1;
        },
      },
    );
    expect(bytes).toBe(60 * 320 * 180);
  });

  it('ends ffmpeg when the consumer throws, and passes its error on', async () => {
    const refused = runFfmpeg(
      mediaHost(),
      { inputs: [{ path: beep }], outputs: [raw] },
      {
        onStdoutChunk: () => {
          throw new Error('seen enough');
        },
      },
    );
    await expect(refused).rejects.toThrow('seen enough');
  });

  it('stops with the reason of its signal', async () => {
    const controller = new AbortController();
    const running = runFfmpeg(
      mediaHost({ signal: controller.signal }),
      { inputs: [{ path: beep, options: ['-re', '-threads', '1'] }], outputs: [raw] },
      { onStdoutChunk: () => controller.abort(new Error('Ctrl-C')) },
    );
    await expect(running).rejects.toThrow('Ctrl-C');
  });

  it.skipIf(!existsSync('/dev/full'))('calls a full disk DISK_FULL', async () => {
    const writing = runFfmpeg(mediaHost(), { inputs: [{ path: beep, durationUs: 2_000_000 }], outputs: [{ to: '/dev/full', options: ['-map', '0:v', '-f', 'rawvideo'] }] });
    await expect(writing).rejects.toMatchObject({ code: 'DISK_FULL', exitCode: 4 });
  });

  it('calls damaged input MEDIA_UNREADABLE and names the file', async () => {
    const reading = runFfmpeg(mediaHost(), { inputs: [{ path: join(oddInputs(), 'moov-missing.mp4') }], outputs: [{ to: null, options: ['-map', '0'] }] });
    await expect(reading).rejects.toMatchObject({ code: 'MEDIA_UNREADABLE', message: expect.stringContaining('moov-missing.mp4') });
  });

  it('names the filter that this build lacks', async () => {
    const reading = runFfmpeg(mediaHost(), { inputs: [{ path: beep }], graph: '[0:v]nosuchfilter[v]', outputs: [{ to: null, options: ['-map', '[v]'] }] });
    await expect(reading).rejects.toMatchObject({ code: 'FFMPEG_INCAPABLE', exitCode: 4, message: expect.stringContaining('nosuchfilter') });
  });

  it('calls anything else TOOL_FAILED and says what ffmpeg said', async () => {
    const reading = runFfmpeg(mediaHost(), { inputs: [{ path: beep }], graph: '[0:v]lut3d=file=absent.cube[v]', outputs: [{ to: null, options: ['-map', '[v]'] }] });
    await expect(reading).rejects.toMatchObject({ code: 'TOOL_FAILED', message: expect.stringContaining('absent.cube') });
  });

  it('says when there is no ffmpeg at all', async () => {
    const running = runFfmpeg(mediaHost({ ffmpeg: '/nowhere/ffmpeg' }), { inputs: [{ path: beep }], outputs: [{ to: null, options: ['-map', '0'] }] });
    await expect(running).rejects.toMatchObject({ code: 'FFMPEG_MISSING' });
  });
});

describe('hostile inputs', () => {
  it('open under any name', async () => {
    const names = readdirSync(join(oddInputs(), 'names'), 'utf8').map((name) => join(oddInputs(), 'names', name));
    expect(names.length).toBeGreaterThan(12);
    const host = mediaHost();
    const probed = await Promise.all(names.map((path) => probeFile(host, path)));
    for (const [index, { format }] of probed.entries()) expect(Number(format.duration), names[index]).toBeCloseTo(0.5, 1);
    await runFfmpeg(host, { inputs: names.map((path) => ({ path })), outputs: [{ to: 'copy.mkv', options: [...names.flatMap((_, index) => ['-map', `${index}:v`]), '-c', 'copy'] }] });
    expect((await probeFile(host, join(host.scratchDir, 'copy.mkv'))).streams).toHaveLength(names.length);
  });

  it('cannot make ffmpeg read other files through a list named like a film', async () => {
    const host = mediaHost();
    const list = join(host.scratchDir, 'film.mp4');
    writeFileSync(list, `ffconcat version 1.0\nfile '${beep}'\n`);
    await expect(probeFile(host, list)).rejects.toMatchObject({ code: 'MEDIA_UNREADABLE' });
    await expect(runFfmpeg(host, { inputs: [{ path: list }], outputs: [{ to: 'out.mkv', options: ['-map', '0', '-c', 'copy'] }] })).rejects.toMatchObject({ code: 'MEDIA_UNREADABLE' });
    const playlist = join(host.scratchDir, 'film.mkv');
    writeFileSync(playlist, `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://${beep}\n#EXT-X-ENDLIST\n`);
    await expect(probeFile(host, playlist)).rejects.toMatchObject({ code: 'MEDIA_UNREADABLE' });
    expect(readFileSync(list, 'utf8')).toContain('ffconcat');
  });

  it('cannot pass for a full disk by what they are titled', async () => {
    const host = mediaHost();
    await runFfmpeg(host, { inputs: [{ path: beep, durationUs: 1_000_000 }], outputs: [{ to: 'titled.mkv', options: ['-map', '0', '-c', 'copy', '-metadata', 'title=No space left on device: Invalid data found'] }] });
    const failing = runFfmpeg(host, { inputs: [{ path: join(host.scratchDir, 'titled.mkv') }], outputs: [{ to: 'out.mkv', options: ['-map', '0:v', '-c:v', 'nosuchcodec'] }] });
    await expect(failing).rejects.toMatchObject({ code: 'TOOL_FAILED' });
  });
});
