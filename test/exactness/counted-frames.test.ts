import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Range, Rational } from '../../src/artifacts/schemas/common.js';
import { frameTimeUs } from '../../src/media/timeline.js';
import { renderRun } from '../render/render-run.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { makeCounterVideo, readCounters } from './counter-video.js';
import { seededRandom } from '../../src/pipeline/transcribe/recogniser/seeded-random.js';

const frames = 1500;
const x264 = (more: readonly string[]): string[] => ['-c:v', 'libx264', '-preset', 'ultrafast', ...more, '-c:a', 'aac'];

/** Cuts of 2 to 7 frames anywhere in the source, in playing order: `jumps` go back and forth, else they go on. */
function randomCuts(count: number, seed: number, jumps: boolean): { first: number; frames: number }[] {
  const random = seededRandom(seed);
  const starts = Array.from({ length: count }, () => Math.floor(random() * (frames - 10)));
  const cuts = (jumps ? starts : starts.toSorted((a, b) => a - b)).map((first) => ({ first, frames: 2 + Math.floor(random() * 6) }));
  // One range may not begin inside, nor go on from, the one before it: each is to be a cut.
  return cuts.filter(({ first }, n) => n === 0 || first < cuts[n - 1]!.first || first > cuts[n - 1]!.first + cuts[n - 1]!.frames);
}

function toRange({ first, frames: length }: { first: number; frames: number }, fps: Rational): Range {
  return { startUs: frameTimeUs(first, fps), endUs: frameTimeUs(first + length, fps) };
}

/** What a full decode from the start puts on each frame of the grid, with the clock that counts from the first packet of any stream. */
function onGrid(path: string, rate: string): number[] {
  const copy = `${path}.grid.mkv`;
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-copyts', '-start_at_zero', '-itsoffset', '0.000001', '-i', path, '-vf', `fps=${rate}:start_time=0`, '-map', '0:v', '-c:v', 'ffv1', copy]);
  return readCounters(copy);
}

/** Renders cuts of a source as one clip and says which numbered pictures it shows and which it should. */
async function compare(path: string, rate: string, cuts: readonly { first: number; frames: number }[]): Promise<{ shown: number[]; wanted: number[]; checks: string[] }> {
  const run = await renderRun(path);
  const [num = 1, den = 1] = rate.split('/').map(Number);
  const { clip, path: made } = await run.render({ ranges: cuts.map((cut) => toRange(cut, { num, den })), format: 'wide', style: { captions: false } });
  const grid = onGrid(path, rate);
  const shown = readCounters(made);
  await run.close();
  expect(clip.fps).toEqual({ num, den });
  return { shown, wanted: cuts.flatMap(({ first, frames: length }) => grid.slice(first, first + length)), checks: clip.checks.map(({ id, passed, detail }) => `${id} ${passed} ${detail}`) };
}

describe('first and last frames', () => {
  it('are those asked for at 50 random cuts of a film with a keyframe every 250 frames, back and forth (mifi/lossless-cut#204, #142, #327; yt-dlp/yt-dlp#5992)', async () => {
    const rate = '30000/1001';
    const path = makeCounterVideo(join(temporaryFolder(), 'gop250.mp4'), { frames, rate, options: x264(['-preset', 'veryfast', '-g', '250', '-bf', '3']) });
    const cuts = randomCuts(54, 250, true);
    expect(cuts.length).toBeGreaterThanOrEqual(50);
    const { shown, wanted, checks } = await compare(path, rate, cuts);
    expect(wanted).toEqual(cuts.flatMap(({ first, frames: length }) => Array.from({ length }, (_, n) => first + n)));
    expect(shown).toEqual(wanted);
    expect(checks.join('\n')).toContain(`first and last frame are the source's own in ${cuts.length} of ${cuts.length} pieces`);
  });

  const openGop = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '48', '-bf', '5', '-x264-params', 'open-gop=1:scenecut=0:b-pyramid=normal', '-c:a', 'aac'];
  const kinds: Record<string, { name: string; rate?: string; options: readonly string[]; filter?: string; outputOptions?: readonly string[] }> = {
    'in a transport stream with open groups of pictures': { name: 'open.ts', options: openGop },
    'in Matroska without cues': { name: 'live.mkv', options: openGop, outputOptions: ['-live', '1'] },
    'in HEVC with open groups of pictures': { name: 'hevc.mp4', options: ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'keyint=48:open-gop=1:bframes=4:scenecut=0:log-level=none:pools=1', '-c:a', 'aac'] },
    'in a program stream': { name: 'ps.mpg', options: ['-c:v', 'mpeg2video', '-g', '50', '-bf', '2', '-q:v', '4', '-c:a', 'mp2', '-f', 'vob'] },
    'in AVI with B-frames': { name: 'film.avi', options: ['-c:v', 'mpeg4', '-g', '50', '-bf', '2', '-q:v', '4', '-c:a', 'mp3'] },
    'in FLV': { name: 'film.flv', options: x264(['-preset', 'veryfast', '-g', '100', '-bf', '3']) },
    'in WebM': { name: 'film.webm', options: ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '300k', '-g', '100', '-c:a', 'libopus'] },
    'in fragments': { name: 'fragments.mp4', options: x264(['-preset', 'veryfast', '-g', '100', '-bf', '3']), outputOptions: ['-movflags', '+frag_keyframe+empty_moov'] },
    'of varying distance': { name: 'vfr.mp4', rate: '30', options: x264(['-preset', 'veryfast', '-g', '250', '-bf', '3']), filter: "select='not(eq(mod(n,7),3))*not(between(mod(n,300),200,230))'" },
  };
  const copies: Record<string, { name: string; before?: readonly string[]; after?: readonly string[] }> = {
    'after an edit list that begins inside a group of pictures': { name: 'edited.mp4', before: ['-ss', '3.3'] },
    'with negative composition offsets': { name: 'negative.mov', after: ['-movflags', '+negative_cts_offsets'] },
    'in Matroska that begins at an hour': { name: 'hour.mkv', after: ['-output_ts_offset', '3600'] },
    'in a transport stream that begins before its clock wraps': { name: 'wraps.ts', after: ['-output_ts_offset', '95420'] },
    'of a picture that begins late': { name: 'late.mkv', before: ['-itsoffset', '0.73'] },
  };
  it.each(Object.entries(copies))('%s are those on screen at the times asked for', async (_, { name, before = [], after = [] }) => {
    const dir = temporaryFolder();
    const film = makeCounterVideo(join(dir, 'film.mp4'), { frames: 600, rate: '25', options: x264(['-preset', 'veryfast', '-g', '100', '-bf', '3']) });
    const path = join(dir, name);
    // Sound is taken from the start, so that a picture that begins late does so against it.
    execFileSync('ffmpeg', ['-v', 'error', '-y', ...before, '-i', film, '-i', film, '-map', '0:v', '-map', '1:a', '-c', 'copy', ...after, path]);
    const cuts = randomCuts(8, name.length, false).map(({ first, frames: length }) => ({ first: Math.floor(first / 3), frames: length })).filter(({ first }, n, all) => n === 0 || first > all[n - 1]!.first + 8);
    const { shown, wanted } = await compare(path, '25', cuts);
    expect(shown).toEqual(wanted);
  });

  it.each(Object.entries(kinds))('%s are those on screen at the times asked for', async (_, { name, rate = '25', ...kind }) => {
    const path = makeCounterVideo(join(temporaryFolder(), name), { frames, rate, ...kind });
    const { shown, wanted } = await compare(path, rate, randomCuts(12, name.length, false));
    expect(shown).toEqual(wanted);
  });
});
