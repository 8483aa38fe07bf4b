import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesIn, type ByteRange, joined, without } from '../../src/artifacts/byte-range.js';
import type { Range } from '../../src/artifacts/schemas/common.js';
import { demuxedOf, FilmExcerpts } from '../../src/media/excerpt.js';
import { demuxed } from '../../src/media/excerpt/reads-alike.js';
import type { FileRef } from '../../src/pipeline/stage.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { containerOf, film, type FilmName, lengthUs } from './films.js';

const { signal } = new AbortController();
const toolchain = { ffmpeg: { path: 'ffmpeg', identity: 'test' }, ffprobe: { path: 'ffprobe' } };

const seconds = (from: number, to: number): Range => ({ startUs: from * 1_000_000, endUs: to * 1_000_000 });
const look = (file: FileRef, name: FilmName, windows: readonly Range[], streams = [0, 1]): Promise<ByteRange[] | undefined> =>
  new FilmExcerpts({ toolchain, scratchRoot: temporaryFolder() }).bytesOf(file, { windows, container: containerOf(name), streams }, signal);

/**
 * What no reader can do without: the packets that are read to open the file, those of the windows from their keyframes on, and all that
 * is no packet.
 */
function neededBytes({ path, sizeBytes }: FileRef, windows: readonly Range[]): number {
  const packets = (intervals: readonly string[]): ByteRange[] =>
    intervals.flatMap((interval) => execFileSync('ffprobe', ['-v', 'error', ...(interval === '' ? [] : ['-read_intervals', interval]), '-show_entries', 'packet=pos,size', '-of', 'csv=p=0', path], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(',').map(Number))
      .map(([size = 0, pos = 0]) => ({ startByte: pos, endByte: pos + size })));
  const all = packets(['']);
  const read = packets(['%+#8', ...windows.map(({ startUs, endUs }) => `${startUs === 0 ? '' : startUs / 1e6}%${endUs / 1e6}`)]);
  // Matroska puts some bytes before each packet.
  const index = bytesIn(without([{ startByte: 0, endByte: sizeBytes }], joined(all, 64)));
  return index + bytesIn(joined(read, 64));
}

/** At the start, in the middle, at the end. */
function places(name: FilmName): Range[] {
  const end = lengthUs(name) / 1e6;
  return [seconds(0, 15), seconds(Math.round(end / 3), Math.round(end / 3) + 15), seconds(end - 15, end)];
}

describe('the bytes of a window', () => {
  it.each(['talk.mp4', 'index-last.mp4', 'cues.mkv'] as const)('of %s are hardly more than the needed ones', async (name) => {
    const file = await film(name);
    const excerpts = new FilmExcerpts({ toolchain, scratchRoot: temporaryFolder() });
    for (const window of places(name)) {
      const sent = bytesIn((await excerpts.bytesOf(file, { windows: [window], container: containerOf(name), streams: [0, 1] }, signal)) ?? []);
      expect(sent).toBeGreaterThan(0);
      expect(sent / neededBytes(file, [window])).toBeLessThan(1.2);
    }
  });

  it.each(['fragmented.mp4', 'stream.ts', 'old.avi'] as const)('of %s are a part of the file, also of windows far apart', async (name) => {
    const file = await film(name);
    expect(bytesIn((await look(file, name, [seconds(20, 25), seconds(70, 75)])) ?? [])).toBeLessThan(file.sizeBytes * 0.6);
  });

  it('lie apart where sound and picture do', async () => {
    const file = await film('badly-interleaved.mp4');
    const ranges = (await look(file, 'badly-interleaved.mp4', [seconds(50, 54)])) ?? [];
    const large = ranges.filter((range) => bytesIn([range]) > 5_000);
    expect(large.length).toBeGreaterThanOrEqual(3);
    const picture = (await look(file, 'badly-interleaved.mp4', [seconds(50, 54)], [0])) ?? [];
    expect(bytesIn(picture)).toBeLessThan(bytesIn(ranges));
  });

  it('are all from the start where a seek reads all from the start', async () => {
    const file = await film('no-cues.mkv');
    const ranges = (await look(file, 'no-cues.mkv', [seconds(30, 34)])) ?? [];
    expect(ranges).toEqual([{ startByte: 0, endByte: ranges[0]?.endByte }]);
    expect(bytesIn(ranges)).toBeLessThan(file.sizeBytes / 2);
  });

  it('are the whole file when nearly all of it is needed', async () => {
    const file = await film('talk.mp4');
    expect(await look(file, 'talk.mp4', [seconds(10, 250)])).toEqual([{ startByte: 0, endByte: file.sizeBytes }]);
  });

  it('are remembered', async () => {
    const file = await film('talk.mp4');
    const facts = new Map<string, string>();
    const memo = { get: (key: string) => facts.get(key), set: (key: string, value: string) => void facts.set(key, value) };
    const part = { windows: [seconds(50, 55)], container: containerOf('talk.mp4'), streams: [0, 1] };
    const first = await new FilmExcerpts({ toolchain, scratchRoot: temporaryFolder(), memo }).bytesOf(file, part, signal);
    const toolless = new FilmExcerpts({ toolchain: { ...toolchain, ffmpeg: { path: '/nothing', identity: 'test' }, ffprobe: { path: '/nothing' } }, scratchRoot: temporaryFolder(), memo });
    expect(await toolless.bytesOf(file, part, signal)).toEqual(first);
    await expect(toolless.bytesOf(file, { ...part, streams: [0] }, signal)).rejects.toMatchObject({ code: 'FFMPEG_MISSING' });
  });
});

describe('a copy that lacks some of them', () => {
  it('is noticed, wherever the hole is', async () => {
    const file = await film('talk.mp4');
    const window = seconds(100, 112);
    const ranges = (await look(file, 'talk.mp4', [window])) ?? [];
    const host = { toolchain, signal, scratchDir: temporaryFolder(), addCpuSeconds: () => {} };
    const stretches = [{ seekUs: window.startUs, endUs: window.endUs }];
    const reference = await demuxed(host, file.path, stretches, [0, 1]);
    expect(reference).toBeDefined();
    expect(await demuxedOf(host, file, ranges, stretches, [0, 1])).toBe(reference);
    const [, packets] = ranges as [ByteRange, ByteRange];
    const middle = (packets.startByte + packets.endByte) / 2;
    const holes = [{ startByte: 102_000, endByte: 103_000 }, { startByte: packets.startByte, endByte: packets.startByte + 500 }, { startByte: Math.round(middle), endByte: Math.round(middle) + 1 }];
    for (const hole of holes) expect(await demuxedOf(host, file, without(ranges, [hole]), stretches, [0, 1])).not.toBe(reference);
  });

  it('never writes through a link into the film', async () => {
    const file = await film('talk.mp4');
    const scratchDir = temporaryFolder();
    const host = { toolchain, signal, scratchDir, addCpuSeconds: () => {} };
    execFileSync('ln', ['-s', file.path, join(scratchDir, file.sha256)]);
    await demuxedOf(host, file, [{ startByte: 0, endByte: 10 }], [{ seekUs: 0, endUs: 1_000_000 }], [0]);
    expect((await film('talk.mp4')).sha256).toBe(file.sha256);
  });
});
