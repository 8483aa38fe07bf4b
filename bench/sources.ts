import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { measureOk } from './measure.js';

const fixtures = resolve(import.meta.dirname, '../fixtures');

export interface BenchSource {
  path: string;
  seconds: number;
}

/** Sources are made once and kept, because making them takes longer than measuring. */
const sourcesDir = join(tmpdir(), 'snvg-bench-sources');

/** 10 minutes of 1080p30: the talk and the interview scaled up, then the talk again, streams joined. */
export async function tenMinutes(): Promise<BenchSource> {
  return made('ten-minutes-1080p.mp4', 600, async (path) => {
    const talk = await scaled('talk.mp4');
    const interview = await scaled('interview.mp4');
    await joined([talk, interview, talk], 600, path);
  });
}

/** 2 hours: the talk as it is, joined without re-encoding until it is long enough. */
export async function twoHours(): Promise<BenchSource> {
  return made('two-hours.mp4', 7_200, (path) => joined(Array.from({ length: 28 }, () => join(fixtures, 'talk.mp4')), 7_200, path));
}

async function scaled(name: string): Promise<string> {
  const { path } = await made(`1080p-${name}`, 0, async (target) => {
    // The fixtures are clean drawings; grain and a camera's bit rate make decoding cost what it costs on real films.
    const video = ['-vf', 'scale=1920:1080:flags=bicubic,noise=alls=5:allf=t', '-c:v', 'libx264', '-preset', 'veryfast', '-b:v', '4700k', '-maxrate', '8M', '-bufsize', '16M', '-g', '150', '-pix_fmt', 'yuv420p', '-threads', '2'];
    await ffmpeg(['-i', join(fixtures, name), ...video, '-c:a', 'aac', '-b:a', '128k', '-ar', '48000', '-ac', '2', target]);
  });
  return path;
}

async function joined(parts: readonly string[], seconds: number, path: string): Promise<void> {
  const list = `${path}.txt`;
  writeFileSync(list, parts.map((part) => `file '${part}'\n`).join(''));
  await ffmpeg(['-f', 'concat', '-safe', '0', '-i', list, '-t', String(seconds), '-c', 'copy', '-movflags', '+faststart', path]);
  rmSync(list);
}

async function made(name: string, seconds: number, make: (path: string) => Promise<void>): Promise<BenchSource> {
  const path = join(sourcesDir, name);
  if (!existsSync(path)) {
    process.stderr.write(`making ${basename(path)} …\n`);
    mkdirSync(sourcesDir, { recursive: true });
    const unfinished = join(sourcesDir, `unfinished-${name}`);
    await make(unfinished);
    renameSync(unfinished, path);
  }
  return { path, seconds };
}

function ffmpeg(args: readonly string[]): Promise<unknown> {
  return measureOk('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args]);
}
