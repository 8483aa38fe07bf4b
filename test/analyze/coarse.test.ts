import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Coarse } from '../../src/artifacts/schemas/analysis.js';
import { integratedFrom, readLoudnessCurve, silencesOf } from '../../src/pipeline/analyze/coarse/loudness-curve.js';
import { planCoarse } from '../../src/pipeline/analyze/index.js';
import { planIngest } from '../../src/pipeline/ingest/index.js';
import { oddInputs } from '../support/odd-inputs.js';
import { realPlanner, type RealPlanner } from '../support/real-planner.js';
import { temporaryFolder } from '../support/temporary-folder.js';

interface Truth {
  cuts: { t: number; type: string }[];
  speech_gaps_over_0_5s: unknown[];
}

let run: RealPlanner;
beforeAll(async () => {
  run = await realPlanner();
});
afterAll(() => run.close());

async function look(path: string): Promise<Coarse> {
  const { file, source } = await planIngest(run.planner, { path, minLengthUs: 100_000 });
  return run.planner.read(await planCoarse(run.planner, { file, source }));
}

describe('the coarse pass', () => {
  it.each(['talk', 'interview'])('finds most cuts of %s from its keyframes and invents few', async (name) => {
    const truth = JSON.parse(readFileSync(resolve(`fixtures/${name}.truth.json`), 'utf8')) as Truth;
    const coarse = await look(resolve(`fixtures/${name}.mp4`));
    const borders = coarse.shots.slice(1).map(({ startUs }) => startUs / 1e6);
    const hard = truth.cuts.filter(({ type }) => type === 'cut');
    const found = hard.filter(({ t }) => borders.some((border) => Math.abs(border - t) < 0.05));
    expect(found.length / hard.length).toBeGreaterThanOrEqual(0.85);
    // A border where no cut is near is the keyframe after a dissolve, or a large change within a shot.
    const unexplained = borders.filter((border) => truth.cuts.every(({ t }) => t > border + 0.05 || t < border - 10));
    expect(unexplained.length).toBeLessThanOrEqual(2);
    expect(coarse.decodedFrames).toBe(coarse.keyframesUs.length);
    expect(coarse.decodedFrames).toBeLessThan((coarse.durationUs / 1e6) * 30 * 0.01);
    expect(coarse.shots[0]?.startUs).toBe(0);
    expect(coarse.shots.at(-1)?.endUs).toBe(coarse.durationUs);
  });

  it('hears beeps where they are and silence between them', async () => {
    const coarse = await look(resolve('fixtures/beep-flash.mp4'));
    expect(coarse.silences).toHaveLength(59);
    for (const [index, { startUs, endUs }] of coarse.silences.entries()) {
      expect(endUs).toBe((index + 1) * 1e6);
      expect(startUs).toBe(index === 0 ? 0 : index * 1e6 + 100_000);
    }
    const { hopUs, momentaryLufs } = coarse.loudness;
    expect(Math.abs(momentaryLufs.length * hopUs - coarse.durationUs)).toBeLessThan(1_000_000);
  });

  it('reads sound alone and pictures alone', async () => {
    const heard = await look(join(oddInputs(), 'cover-only.m4a'));
    expect(heard).toMatchObject({ keyframesUs: [], looks: [], decodedFrames: 0, sound: { repair: 'none' }, shots: [{ startUs: 0, endUs: heard.durationUs }] });
    expect(heard.loudness.momentaryLufs.length).toBeGreaterThan(50);
    const seen = await look(join(oddInputs(), 'no-audio.mp4'));
    expect(seen).toMatchObject({ sound: null, silences: [], loudness: { integratedLufs: null, momentaryLufs: [] } });
    expect(seen.looks).toHaveLength(seen.keyframesUs.length);
    expect(seen.looks[0]).toMatchObject({ atUs: 0, change: 0 });
    expect(seen.looks[0]!.colourfulness).toBeGreaterThan(40);
    expect(seen.looks[0]!.contrast).toBeGreaterThan(20);
  });

  it.each([
    ['base.mp4', 'none', []],
    ['one-side.mp4', 'left-to-both', ['SOUND_ONE_SIDED']],
    ['antiphase.mp4', 'invert-right', ['SOUND_ANTIPHASE']],
    ['surround-centre.mp4', 'none', []],
  ] as const)('finds out about the channels of %s: %s', async (name, repair, codes) => {
    const before = run.planner.notices.length;
    expect((await look(join(oddInputs(), name))).sound).toEqual({ repair });
    expect(run.planner.notices.slice(before).map(({ code }) => code)).toEqual(codes);
  });

  it('says that a recording is clipped or very quiet', async () => {
    const dir = temporaryFolder();
    const speech = ['-v', 'error', '-y', '-ss', '3', '-t', '5', '-i', resolve('fixtures/interview.mp4'), '-vn'];
    for (const [name, filter, code] of [['clipped.wav', 'volume=30dB', 'SOUND_CLIPPED'], ['quiet.wav', 'volume=-35dB', 'SOUND_QUIET']] as const) {
      execFileSync('ffmpeg', [...speech, '-af', filter, '-c:a', 'pcm_s16le', join(dir, name)]);
      const before = run.planner.notices.length;
      await look(join(dir, name));
      expect(run.planner.notices.slice(before).map((notice) => notice.code)).toEqual([code]);
    }
  });

  it('measures a picture as what it is', async () => {
    const dir = temporaryFolder();
    const picture = async (filter: string): Promise<Coarse['looks'][number]> => {
      const path = join(dir, 'picture.mkv');
      execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', `${filter},format=yuv420p`, '-t', '4', '-r', '5', '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '5', path]);
      return (await look(path)).looks[1]!;
    };
    expect(await picture('color=c=black:s=320x180')).toMatchObject({ brightness: 16, contrast: 0, sharpness: 0, flatness: 1, change: 0, colourfulness: 0 });
    const red = await picture('color=c=red:s=320x180');
    expect(red.colourfulness).toBeGreaterThan(60);
    expect(red.flatness).toBe(1);
    const moving = await picture('testsrc2=s=320x180');
    expect(moving.change).toBeGreaterThan(0.01);
    expect(moving.flatness).toBeLessThan(0.75);
  });

  it('counts from zero whatever the container counts from', async () => {
    const [plain, shifted] = [await look(join(oddInputs(), 'base.mp4')), await look(join(oddInputs(), 'start-3600.ts'))];
    expect(shifted.keyframesUs[0]).toBeLessThan(100_000);
    expect(Math.abs((plain.loudness.integratedLufs ?? 0) - (shifted.loudness.integratedLufs ?? 0))).toBeLessThan(0.5);
  });

  it('meters the original layout, and nothing as null', async () => {
    expect((await look(join(oddInputs(), 'silent-audio.mp4'))).loudness.integratedLufs).toBeNull();
    // Opposite phases cancel in a mono mix; each loudspeaker still plays them.
    const antiphase = await look(join(oddInputs(), 'antiphase.mp4'));
    expect(antiphase.loudness.integratedLufs).toBeGreaterThan(-25);
  });

  it('takes a track that is silence for one silence', async () => {
    const { silences } = await look(join(oddInputs(), 'silent-audio.mp4'));
    expect(silences).toHaveLength(1);
    expect(silences[0]?.startUs).toBe(0);
  });

  it('says that a source has damaged places, and still reads the rest', async () => {
    const bytes = readFileSync(resolve('fixtures/interview.mp4'));
    // Every 4 kB a few bytes of the media data are lost; the index at the front stays whole.
    for (let at = 200_000; at < bytes.length - 200_000; at += 4_096) bytes.fill(0xa5, at, at + 16);
    const path = join(temporaryFolder(), 'damaged.mp4');
    writeFileSync(path, bytes);
    const coarse = await look(path);
    expect(coarse.loudness.momentaryLufs.length).toBeGreaterThan(900);
    expect(run.planner.notices.find(({ code }) => code === 'SOURCE_DAMAGED')).toMatchObject({ stage: 'analyze', severity: 'degraded' });
  });

  it('says where the sound ends before the pictures', async () => {
    const path = join(temporaryFolder(), 'half.mp4');
    execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-i', resolve('fixtures/beep-flash.mp4'), '-t', '20', '-i', resolve('fixtures/beep-flash.mp4'), '-map', '0:v', '-map', '1:a', '-c', 'copy', path]);
    await look(path);
    expect(run.planner.notices.find(({ code }) => code === 'SOUND_ENDS_EARLY')).toMatchObject({ severity: 'info', message: 'The sound ends at 20 s of 60 s' });
  });

  it('depends on the bytes of the file alone: a second look is free', async () => {
    await look(join(oddInputs(), 'gop250.mp4'));
    await look(join(oddInputs(), 'gop250.mp4'));
    const looks = run.events.filter((event) => event.type === 'task-queued' && event.op === 'analyze.coarse').length;
    const files = new Set(run.events.flatMap((event) => (event.type === 'task-queued' && event.op === 'analyze.coarse' ? [event.taskKey] : [])));
    expect(looks).toBe(files.size);
  });
});

describe('the loudness curve', () => {
  it('fills what was not reported', async () => {
    const path = join(temporaryFolder(), 'loudness.txt');
    writeFileSync(path, 'frame:0    pts:0       pts_time:0\nlavfi.r128.M=-120.691\nframe:1    pts:4800    pts_time:0.1\nlavfi.r128.M=-23.149\nframe:2 pts:19200 pts_time:0.4\nlavfi.r128.M=-20.000\n');
    expect(await readLoudnessCurve(path)).toEqual([-100, -23.1, -100, -100, -20]);
  });

  it('is silent where whole windows are', () => {
    const loud = -20;
    const quiet = -60;
    const curve = [quiet, quiet, quiet, quiet, loud, loud, loud, loud, loud, quiet, quiet, loud];
    expect(silencesOf(curve, -20, 1_200_000)).toEqual([
      { startUs: 0, endUs: 400_000 },
      { startUs: 600_000, endUs: 1_100_000 },
    ]);
  });

  it.each([
    ['    I:         -18.7 LUFS', -18.7],
    ['    I:         -70.0 LUFS', null],
    ['    I:          -inf LUFS', null],
    ['    Threshold: -29.5 LUFS', undefined],
  ])('reads %s', (line, level) => {
    expect(integratedFrom(line)).toBe(level);
  });
});
