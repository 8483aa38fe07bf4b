import { copyFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Manifest } from '../src/artifacts/schemas/manifest.js';
import { measureOk } from './measure.js';

const repository = resolve(import.meta.dirname, '..');

/** CPU seconds of the least work that could give the same clips, part by part, measured on the same file. */
export interface Floor {
  /** The recogniser alone over the same audio: gate, chunks and words, with no job around it. */
  recogniser: number;
  /** One ffmpeg reading keyframes and audio of the whole source, with loudness and silences. */
  coarse: number;
  /** 5 pictures a second at width 480 of the chosen windows, and the face detector on each. */
  fine: number;
  /** ffmpeg encoding the same clips with the same captions at the same preset. */
  encode: number;
  /** One decode of each clip with the checks a verifier needs. */
  verify: number;
}

export interface FloorInput {
  source: string;
  manifest: Manifest;
  /** The folder the manifest's paths are relative to. */
  outputDir: string;
  scratchDir: string;
  preset: string;
  crf: number;
  encoderThreads: number;
}

export async function measureFloor(input: FloorInput): Promise<Floor> {
  return {
    coarse: await coarse(input),
    recogniser: await recogniser(input),
    fine: await fine(input),
    encode: await encode(input),
    verify: await verify(input),
  };
}

function ffmpeg(args: readonly string[], cwd: string): Promise<{ cpuSeconds: number }> {
  return measureOk('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args], { cwd });
}

async function coarse({ source, scratchDir }: FloorInput): Promise<number> {
  const pictures = ['-map', '0:V:0', '-vf', 'scale=320:180:flags=fast_bilinear', '-fps_mode', 'passthrough', '-f', 'rawvideo', '/dev/null'];
  const sound = ['-map', '0:a:0', '-af', 'silencedetect=n=-40dB:d=0.3,ebur128,aresample=16000:async=1:first_pts=0', '-ac', '1', '-f', 's16le', join(scratchDir, 'speech.pcm')];
  const { cpuSeconds } = await ffmpeg(['-threads', '1', '-skip_frame', 'nokey', '-i', source, ...pictures, ...sound], scratchDir);
  return cpuSeconds;
}

async function recogniser({ scratchDir }: FloorInput): Promise<number> {
  // The sound that the coarse pass has just written.
  const { cpuSeconds } = await measureOk(process.execPath, [join(repository, 'bench/alone/recogniser.mjs'), join(scratchDir, 'speech.pcm'), 'en'], { cwd: scratchDir });
  return cpuSeconds;
}

async function fine({ source, manifest, scratchDir }: FloorInput): Promise<number> {
  let cpuSeconds = 0;
  for (const { startUs, endUs } of rangesOf(manifest)) {
    const frames = join(scratchDir, 'frames.yuv');
    const picture = ['-map', '0:V:0', '-vf', 'fps=5,scale=480:270:flags=fast_bilinear', '-pix_fmt', 'yuv420p', '-f', 'rawvideo', frames];
    const decoded = await ffmpeg(['-threads', '1', ...window(startUs, endUs), '-i', source, ...picture], scratchDir);
    const seen = await measureOk(process.execPath, [join(repository, 'bench/alone/face-detector.mjs'), frames, '480', '270'], { cwd: scratchDir });
    cpuSeconds += decoded.cpuSeconds + seen.cpuSeconds;
  }
  return cpuSeconds;
}

async function encode({ source, manifest, outputDir, scratchDir, preset, crf, encoderThreads }: FloorInput): Promise<number> {
  let cpuSeconds = 0;
  for (const clip of manifest.clips) {
    for (const output of clip.outputs) {
      const ass = output.captions?.ass;
      if (ass !== undefined) copyFileSync(join(outputDir, ass), join(scratchDir, 'captions.ass'));
      const captions = ass === undefined ? '' : `,ass=captions.ass:fontsdir=${join(repository, 'assets/fonts')}`;
      const crop = `crop='trunc(ih*${output.width}/${output.height}/2)*2':ih,scale=${output.width}:${output.height}:flags=bicubic,setsar=1${captions},format=yuv420p`;
      for (const { startUs, endUs } of clip.ranges) {
        const { cpuSeconds: spent } = await ffmpeg(
          [...window(startUs, endUs), '-i', source, '-map', '0:V:0', '-map', '0:a:0', '-vf', crop, '-c:v', 'libx264', '-preset', preset, '-crf', String(crf), '-threads', String(encoderThreads), '-c:a', 'aac', '-b:a', '160k', '-ar', '48000', '-movflags', '+faststart', 'floor.mp4'],
          scratchDir,
        );
        cpuSeconds += spent;
      }
    }
  }
  return cpuSeconds;
}

async function verify({ manifest, outputDir, scratchDir }: FloorInput): Promise<number> {
  let cpuSeconds = 0;
  for (const output of manifest.clips.flatMap((clip) => clip.outputs)) {
    const checks = ['-vf', 'blackdetect,freezedetect', '-af', 'ebur128=peak=true', '-f', 'null', '-'];
    const { cpuSeconds: spent } = await ffmpeg(['-i', join(outputDir, output.path), ...checks], scratchDir);
    cpuSeconds += spent;
  }
  return cpuSeconds;
}

function rangesOf(manifest: Manifest): { startUs: number; endUs: number }[] {
  return manifest.clips.flatMap((clip) => clip.ranges);
}

function window(startUs: number, endUs: number): string[] {
  return ['-ss', (startUs / 1e6).toFixed(6), '-t', ((endUs - startUs) / 1e6).toFixed(6)];
}
