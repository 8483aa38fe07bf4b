import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { hashFile } from '../../src/artifacts/fingerprint.js';
import type { FileRef } from '../../src/pipeline/stage.js';
import { madeOnce } from '../support/made-once.js';

const talk = resolve('fixtures/talk.mp4');
/** Long enough for windows far apart. */
const lengthSeconds = 90;
const copied = ['-t', String(lengthSeconds), '-i', talk, '-map', '0:v', '-map', '0:a', '-c', 'copy'] as const;

/** The beginning of the talk in other containers, and laid out in other ways: one argument list of ffmpeg each. */
const recipes = {
  'index-last.mp4': copied,
  'fragmented.mp4': [...copied, '-movflags', 'frag_keyframe+empty_moov'],
  'badly-interleaved.mp4': [...copied, '-chunk_duration', '30000000', '-max_interleave_delta', '0'],
  'edit-list.mov': ['-ss', '3.3', ...copied],
  'cues.mkv': copied,
  'no-cues.mkv': [...copied, '-live', '1'],
  'stream.ts': copied,
  'old.avi': copied,
  'flash.flv': copied,
  // Not copied: few small pictures, with noise for many bits.
  'vp8.webm': ['-t', '30', '-i', talk, '-map', '0:v', '-map', '0:a', '-vf', 'fps=15,scale=160:-2,noise=alls=30:allf=t', '-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '16', '-b:v', '900k', '-g', '30', '-c:a', 'libopus', '-b:a', '96k'],
} as const satisfies Record<string, readonly string[]>;
export type FilmName = keyof typeof recipes | 'talk.mp4';

/** One of them, made once for each version of ffmpeg. */
export async function film(name: FilmName): Promise<FileRef> {
  const path = name === 'talk.mp4' ? talk : join(madeFilm(name, recipes[name]), name);
  return { path, sizeBytes: statSync(path).size, sha256: (await hashFile(path)).sha256 };
}

function madeFilm(name: string, recipe: readonly string[]): string {
  const version = execFileSync('ffmpeg', ['-version'], { encoding: 'utf8' });
  return madeOnce('film', [name, ...recipe, readFileSync(talk), version], (dir) => {
    execFileSync('ffmpeg', ['-nostdin', '-v', 'error', ...recipe, '-fflags', '+bitexact', join(dir, name)], { stdio: ['ignore', 'inherit', 'inherit'] });
  });
}

/** ffprobe's name of its container. */
export function containerOf(name: FilmName): string {
  const kind = name.slice(name.lastIndexOf('.') + 1);
  if (kind === 'mkv' || kind === 'webm') return 'matroska,webm';
  return kind === 'ts' ? 'mpegts' : kind === 'avi' || kind === 'flv' ? kind : 'mov,mp4,m4a,3gp,3g2,mj2';
}

/** Of the film; a little less than what the container says. */
export function lengthUs(name: FilmName): number {
  return name === 'talk.mp4' ? 258_000_000 : name === 'vp8.webm' ? 29_000_000 : name === 'edit-list.mov' ? 86_000_000 : 89_000_000;
}
