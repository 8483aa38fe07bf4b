import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Manifest } from '../src/artifacts/schemas/manifest.js';
import { readTruth } from '../test/segment/truth-talk.js';
import { FfmpegWatch } from './ffmpeg-watch.js';
import { type Figure, type Goal, isMet, record, report } from './goals.js';
import { measure, measureOk } from './measure.js';

const repository = resolve(import.meta.dirname, '..');
const talk = join(repository, 'fixtures/talk.mp4');
/** Seconds of clip in each of the comparisons. */
const clipSeconds = 20;

interface CutRun {
  /** Of the render alone. */
  cpuSeconds: number;
  watch: FfmpegWatch;
}

/**
 * What joining costs: one, ten and two hundred ranges of a talk, each twenty seconds together, rendered by the built program. The floor of
 * many ranges is one range as long, and decoding what lies between them. Linux only: it reads /proc.
 */
export async function bench({ record: keep }: { quick: boolean; record: boolean }): Promise<boolean> {
  const scratch = mkdtempSync(join(tmpdir(), 'snvg-bench-'));
  try {
    const words = readTruth(join(repository, 'fixtures/talk.truth.json')).utterances.flatMap((utterance) => utterance.words ?? []);
    const transcript = join(scratch, 'words.json');
    writeFileSync(transcript, JSON.stringify({ language: 'en', words: words.map(({ text, startUs, endUs }) => ({ text, start: startUs / 1e6, end: endUs / 1e6 })) }));
    const one = await render(scratch, transcript, 'one', ['20-40']);
    const far = await render(scratch, transcript, 'far', Array.from({ length: 10 }, (_, n) => `${10 + n * 24}-${12 + n * 24}`));
    const near = await render(scratch, transcript, 'near', Array.from({ length: 200 }, (_, n) => `${(20 + n * 0.3).toFixed(1)}-${(20.1 + n * 0.3).toFixed(1)}`));
    const between = await measureOk('ffmpeg', ['-v', 'error', '-ss', '20', '-t', '40', '-i', talk, '-map', '0:v', '-f', 'null', '-']);
    const goals: Goal[] = [
      { name: '10 ranges far apart, CPU over one as long', measured: far.cpuSeconds / one.cpuSeconds, goal: 1.5, unit: '×', beside: `${far.cpuSeconds.toFixed(1)} over ${one.cpuSeconds.toFixed(1)} CPU s` },
      {
        name: '200 ranges, CPU over one as long and decoding what lies between',
        measured: near.cpuSeconds / (one.cpuSeconds + between.cpuSeconds),
        goal: 1.35,
        unit: '×',
        beside: `${near.cpuSeconds.toFixed(1)} over ${one.cpuSeconds.toFixed(1)} + ${between.cpuSeconds.toFixed(1)} CPU s`,
      },
      { name: '10 ranges, memory of all ffmpeg at once over one range', measured: far.watch.peakBytes / one.watch.peakBytes, goal: 1.5, unit: '×', beside: `${megabytes(far)} over ${megabytes(one)} MB` },
      { name: '200 ranges, memory of all ffmpeg at once over one range', measured: near.watch.peakBytes / one.watch.peakBytes, goal: 1.5, unit: '×', beside: `${megabytes(near)} over ${megabytes(one)} MB` },
      { name: '200 ranges, times the source is open at once over one range', measured: near.watch.mostOpen / one.watch.mostOpen, goal: 1, unit: '×', beside: `${near.watch.mostOpen} over ${one.watch.mostOpen}` },
    ];
    const figures: Figure[] = [{ name: 'Source', value: 'fixtures/talk.mp4, 1280×720, 30 frames a second; clips of 20 s, 1080×1920' }];
    process.stdout.write(`${report(goals, figures)}\n`);
    if (keep) record('inputs', goals, figures);
    return goals.every(isMet);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function render(scratch: string, transcript: string, name: string, ranges: readonly string[]): Promise<CutRun> {
  const dir = join(scratch, name);
  mkdirSync(dir);
  const watch = new FfmpegWatch(talk);
  const args = ['render', talk, '--cut', ranges.join('+'), '--transcript', transcript, '--output', join(dir, 'clips'), '--json'];
  const result = await measure(process.execPath, [join(repository, 'bin/snvg.js'), ...args], { cwd: dir, env: { SNVG_HOME: join(dir, 'home') }, whileRunning: () => watch.look() });
  if (result.exitCode !== 0) throw new Error(`snvg render ended with ${result.exitCode}:\n${result.stdout.slice(-2_000)}\n${result.stderr}`);
  const manifest = JSON.parse(readFileSync(join(dir, 'clips/manifest.json'), 'utf8')) as Manifest;
  const seconds = manifest.clips.flatMap((clip) => clip.ranges).reduce((sum, range) => sum + (range.endUs - range.startUs) / 1e6, 0);
  if (Math.abs(seconds - clipSeconds) > 0.1) throw new Error(`the clip is made of ${seconds} s, not of ${clipSeconds}`);
  return { cpuSeconds: manifest.stages.find(({ id }) => id === 'render')?.cpuSeconds ?? Number.NaN, watch };
}

function megabytes({ watch }: CutRun): string {
  return (watch.peakBytes / 1e6).toFixed(0);
}
