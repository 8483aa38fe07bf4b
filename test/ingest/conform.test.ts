import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeFrames } from '../../src/media/frames.js';
import { planIngest } from '../../src/pipeline/ingest/index.js';
import { decodeSpeech } from '../../src/media/audio.js';
import { mediaHost } from '../support/media-host.js';
import { oddInputs } from '../support/odd-inputs.js';
import { realPlanner, type RealPlanner } from '../support/real-planner.js';
import { temporaryFolder } from '../support/temporary-folder.js';

let run: RealPlanner;
beforeAll(async () => {
  run = await realPlanner();
});
afterAll(() => run.close());

const ffmpeg = (...args: string[]): void => void execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args]);
const fps = 25;

/** Three recordings of 4 s with a flash and a beep at each full second, one after the other; each has a clock of its own. */
function recordings(dir: string, format: { name: string; codec: string[] }): string {
  const path = join(dir, `jumps.${format.name}`);
  for (const [n, clock] of [0, 5000, 20].entries()) {
    const part = join(dir, `part-${n}`);
    ffmpeg(
      '-f', 'lavfi', '-i', `color=black:s=160x96:r=${fps}:d=4,drawbox=t=fill:c=white:enable='lt(mod(t,1),0.04)'`,
      '-f', 'lavfi', '-i', `aevalsrc='sin(2*PI*1000*t)*lt(mod(t,1),0.04)':s=48000:d=4`,
      ...format.codec, '-c:a', 'mp2', '-b:a', '192k', '-output_ts_offset', String(clock), '-f', format.name, part,
    );
    appendFileSync(path, readFileSync(part));
  }
  return path;
}

describe('a recording whose clock jumps', () => {
  it.each([
    { name: 'mpegts', codec: ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '25', '-bf', '2', '-pix_fmt', 'yuv420p'] },
    { name: 'vob', codec: ['-c:v', 'mpeg2video', '-q:v', '4', '-g', '12', '-bf', '2'] },
  ])('in $name is worked on as one film, with picture and sound in step', async (format) => {
    const path = recordings(temporaryFolder(), format);
    const { file, media, source } = await planIngest(run.planner, { path, minLengthUs: 3_000_000 });
    const described = await run.planner.read(source);
    expect(described).toMatchObject({ sha256: file.sha256, sizeBytes: file.sizeBytes, unreliable: null, container: 'matroska,webm', video: { fps: { num: fps, den: 1 }, variableFrameRate: false } });
    expect(Math.abs(described.durationUs - 12_000_000)).toBeLessThan(50_000);
    expect(media.path).not.toBe(file.path);
    expect(run.planner.notices).toContainEqual(expect.objectContaining({ code: 'SOURCE_CONFORMED', severity: 'info' }));

    const host = mediaHost();
    const flashesUs: number[] = [];
    let wasLit = false;
    await decodeFrames(host, { path: media.path, video: described.video!, container: described.container, width: 16, height: 16, pixelFormat: 'gray', rate: 'every' }, ({ atUs, pixels }) => {
      const isLit = (pixels[0] ?? 0) > 120;
      if (isLit && !wasLit) flashesUs.push(atUs);
      wasLit = isLit;
    });
    const pcm = join(host.scratchDir, 'sound.pcm');
    await decodeSpeech(host, { path: media.path, audio: described.audio!, to: pcm, sampleRate: 48_000, durationUs: described.durationUs });
    const beepsUs = onsets(readFileSync(pcm)).map((sample) => (sample / 48_000) * 1e6);
    expect(flashesUs).toHaveLength(12);
    expect(beepsUs).toHaveLength(12);
    for (const [second, flashUs] of flashesUs.entries()) {
      expect(Math.abs(flashUs - flashesUs[0]! - second * 1e6), `flash ${second}`).toBeLessThanOrEqual(40_000);
      expect(Math.abs(beepsUs[second]! - flashUs), `beep ${second}`).toBeLessThanOrEqual(10_000);
    }
  });

  it('of the recipe as well, and is copied once', async () => {
    const path = join(oddInputs(), 'discontinuity.ts');
    const first = await planIngest(run.planner, { path, minLengthUs: 3_000_000 });
    expect(Math.abs((await run.planner.read(first.source)).durationUs - 9_100_000)).toBeLessThan(100_000);
    const again = await planIngest(run.planner, { path, minLengthUs: 3_000_000 });
    expect(again).toEqual(first);
    expect(run.events.filter((event) => event.type === 'task-started' && event.op === 'ingest.conform' && event.label.startsWith('discontinuity'))).toHaveLength(1);
  });
});

/** First samples of sounds that follow at least 0.3 s of silence. */
function onsets(pcm: Buffer): number[] {
  const found: number[] = [];
  let last = -Infinity;
  for (let at = 0; at < pcm.length / 2; at += 1) {
    if (Math.abs(pcm.readInt16LE(2 * at)) < 650) continue;
    if (at - last > 14_400) found.push(at);
    last = at;
  }
  return found;
}
