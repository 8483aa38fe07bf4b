import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Manifest } from '../src/artifacts/schemas/manifest.js';
import { options, type OptionKey } from '../src/config/options.js';
import { countDecodedFrames, reportingFfmpeg } from './decoded-frames.js';
import { type Floor, measureFloor } from './floor.js';
import { type Figure, type Goal, isMet, record, report } from './goals.js';
import { median, measure, type Measured, shortRunCpuSeconds } from './measure.js';
import { type BenchSource, tenMinutes, twoHours } from './sources.js';

const repository = resolve(import.meta.dirname, '..');
const snvg = join(repository, 'bin/snvg.js');

/** A run of `snvg process` and what came of it. */
interface ProcessRun extends Measured {
  manifest: Manifest;
  outputDir: string;
  /** Seconds until the first clip stood in the output folder under its final name. */
  firstClipSeconds: number;
}

/**
 * The bench of the main job. Everything is measured in one go on one file, so that a slow hour of the machine
 * slows both sides of each comparison. Linux only: it reads /proc.
 */
export async function bench({ quick, record: keep }: { quick: boolean; record: boolean }): Promise<boolean> {
  const scratch = mkdtempSync(join(tmpdir(), 'snvg-bench-'));
  try {
    const goals: Goal[] = [];
    const figures: Figure[] = [];
    await helpGoal(goals);
    await tenMinuteGoals(join(scratch, 'ten'), goals, figures);
    if (!quick) await twoHourGoals(join(scratch, 'two'), goals, figures);
    process.stdout.write(`${report(goals, figures)}\n`);
    if (keep) record(quick ? 'process, without the 2-hour source' : 'process', goals, figures);
    return goals.every(isMet);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function helpGoal(goals: Goal[]): Promise<void> {
  const help: number[] = [];
  const bare: number[] = [];
  for (let index = 0; index < 15; index += 1) {
    help.push(await shortRunCpuSeconds(process.execPath, [snvg, '--help']));
    bare.push(await shortRunCpuSeconds(process.execPath, ['-e', '']));
  }
  goals.push({ name: 'snvg --help, CPU (median of 15)', measured: median(help) * 1000, goal: 150, unit: 'ms', beside: `bare node ${(median(bare) * 1000).toFixed(0)} ms` });
}

async function tenMinuteGoals(dir: string, goals: Goal[], figures: Figure[]): Promise<void> {
  const source = await tenMinutes();
  const cold = await runProcess(source, dir);
  const again = await runProcess(source, dir);
  const floor = await measureFloor({
    source: source.path,
    manifest: cold.manifest,
    outputDir: cold.outputDir,
    scratchDir: made(join(dir, 'floor')),
    preset: String(defaultOf('preset')),
    crf: Number(defaultOf('crf')),
    // As many as a render uses (src/pipeline/render/index.ts).
    encoderThreads: 2,
  });
  const floorSeconds = Object.values(floor).reduce((sum: number, part: number) => sum + part, 0);
  goals.push(
    { name: '10 minutes of 1080p, cold, CPU over the floor', measured: cold.cpuSeconds / floorSeconds, goal: 1.25, unit: '×', beside: `${cold.cpuSeconds.toFixed(1)} over ${floorSeconds.toFixed(1)} CPU s` },
    { name: 'The same again, CPU', measured: again.cpuSeconds, goal: 2, unit: 's', beside: `cold ${cold.cpuSeconds.toFixed(1)} s` },
    { name: 'All clips, wall over the length of the source', measured: cold.wallSeconds / source.seconds, goal: 0.35, unit: '×', beside: `${cold.wallSeconds.toFixed(0)} s; the floor on ${cpus().length} cores at best ${(floorSeconds / cpus().length).toFixed(0)} s` },
    { name: 'First clip, wall over the length of the source', measured: cold.firstClipSeconds / source.seconds, goal: 0.15, unit: '×', beside: `${cold.firstClipSeconds.toFixed(0)} s` },
  );
  figures.push(
    { name: 'Clips', value: `${cold.manifest.clips.length}, together ${clipSeconds(cold.manifest).toFixed(0)} s` },
    { name: 'CPU of each stage, as the manifest says', value: cold.manifest.stages.map((stage) => `${stage.id} ${stage.cpuSeconds.toFixed(1)} s`).join(', ') },
    { name: 'The floor, part by part', value: floorParts(floor) },
    { name: 'snvg itself at most, 10-minute source', value: `${(cold.peakRssBytes / 1e6).toFixed(0)} MB` },
  );
}

async function twoHourGoals(dir: string, goals: Goal[], figures: Figure[]): Promise<void> {
  const source = await twoHours();
  made(dir);
  const long = await runProcess(source, dir, ['--ffmpeg', reportingFfmpeg(dir)]);
  const decoded = countDecodedFrames(dir, source.path);
  const frames = (long.manifest.source.durationUs / 1e6) * (long.manifest.source.fps ?? 0);
  goals.push(
    { name: '2 hours, frames decoded outside renders', measured: (decoded.elsewhere / frames) * 100, goal: 10, unit: '%', beside: `${decoded.elsewhere} of ${frames.toFixed(0)}; in renders ${decoded.inRenders}` },
    { name: '2 hours, memory of snvg itself', measured: long.peakRssBytes / 1e6, goal: 250, unit: 'MB', beside: `its children apart` },
  );
  figures.push({ name: '2 hours', value: `${long.manifest.clips.length} clips, ${long.cpuSeconds.toFixed(0)} CPU s, ${long.wallSeconds.toFixed(0)} s` });
}

/** One run with a home and an output folder of its own in `dir`; a second call in the same `dir` is a re-run. */
async function runProcess(source: BenchSource, dir: string, more: readonly string[] = []): Promise<ProcessRun> {
  made(dir);
  const outputDir = join(dir, 'clips');
  const startedMs = performance.now();
  let firstClipSeconds = Number.POSITIVE_INFINITY;
  const result = await measure(process.execPath, [snvg, 'process', source.path, '--output', outputDir, '--json', ...more], {
    cwd: dir,
    env: { SNVG_HOME: join(dir, 'home') },
    whileRunning: () => {
      if (firstClipSeconds === Number.POSITIVE_INFINITY && hasClip(outputDir)) firstClipSeconds = (performance.now() - startedMs) / 1000;
    },
  });
  if (result.exitCode !== 0) throw new Error(`snvg process ended with ${result.exitCode}:\n${result.stdout.slice(-2_000)}\n${result.stderr}`);
  const manifest = JSON.parse(readFileSync(join(outputDir, 'manifest.json'), 'utf8')) as Manifest;
  return { ...result, manifest, outputDir, firstClipSeconds };
}

function hasClip(dir: string): boolean {
  try {
    return readdirSync(dir).some((name) => /^\d.*\.mp4$/.test(name));
  } catch {
    return false;
  }
}

function made(dir: string): string {
  mkdirSync(dir, { recursive: true });
  return dir;
}

function defaultOf(key: OptionKey): unknown {
  return options.find((option) => option.key === key)?.default;
}

function clipSeconds(manifest: Manifest): number {
  return manifest.clips.flatMap((clip) => clip.ranges).reduce((sum, range) => sum + (range.endUs - range.startUs) / 1e6, 0);
}

function floorParts(floor: Floor): string {
  return Object.entries(floor)
    .map(([part, seconds]) => `${part} ${(seconds as number).toFixed(1)} s`)
    .join(', ');
}
