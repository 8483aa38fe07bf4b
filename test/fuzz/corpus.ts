import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { madeOnce } from '../support/made-once.js';
import { oddInputs } from '../support/odd-inputs.js';

/** A sound file that mutants are made of. */
export interface Seed {
  name: string;
  bytes: Buffer;
}

/** Long enough for a clip, small enough to be processed in a second. */
const seconds = 4;
const picture = ['-f', 'lavfi', '-i', `testsrc2=s=128x72:r=10:d=${seconds}`];
const sound = ['-f', 'lavfi', '-i', `sine=f=440:b=4:d=${seconds}:r=16000`];
const exact = ['-threads', '1', '-fflags', '+bitexact', '-flags:v', '+bitexact', '-flags:a', '+bitexact', '-map_metadata', '-1'];
const h264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '34', '-pix_fmt', 'yuv420p', '-g', '10'];
const aac = ['-c:a', 'aac', '-b:a', '32k'];

/** One small film or recording for each container that is let in: file name → options. */
const containers: Record<string, readonly string[]> = {
  'film.mp4': [...h264, ...aac],
  'front.mp4': [...h264, ...aac, '-movflags', '+faststart'],
  'fragments.mp4': [...h264, ...aac, '-movflags', '+frag_keyframe+empty_moov+default_base_moof'],
  'film.mov': [...h264, '-c:a', 'pcm_s16le'],
  'phone.3gp': ['-s', '176x144', '-c:v', 'h263', ...aac],
  'film.mkv': [...h264, ...aac],
  'film.webm': ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '60k', '-c:a', 'libopus', '-b:a', '24k', '-ar', '48000'],
  'film.avi': ['-c:v', 'mpeg4', '-q:v', '12', '-c:a', 'libmp3lame', '-b:a', '32k'],
  'photos.avi': ['-c:v', 'mjpeg', '-q:v', '20', '-pix_fmt', 'yuvj420p', '-c:a', 'pcm_s16le'],
  'film.flv': [...h264, '-c:a', 'libmp3lame', '-ar', '22050'],
  'film.ts': [...h264, ...aac],
  'film.mpg': ['-r', '25', '-c:v', 'mpeg2video', '-q:v', '12', '-c:a', 'mp2', '-ar', '32000'],
  'film.wmv': ['-c:v', 'wmv2', '-q:v', '12', '-c:a', 'wmav2'],
  'film.mxf': ['-r', '25', '-c:v', 'mpeg2video', '-q:v', '12', '-c:a', 'pcm_s16le', '-ar', '48000'],
  'film.ogv': ['-c:v', 'libtheora', '-q:v', '3', '-c:a', 'libvorbis', '-q:a', '0'],
  'moving.gif': ['-an', '-r', '5'],
  'sound.m4a': ['-vn', ...aac],
  'sound.mp3': ['-vn', '-c:a', 'libmp3lame', '-b:a', '32k'],
  'sound.wav': ['-vn'],
  'sound.w64': ['-vn'],
  'sound.aiff': ['-vn'],
  'sound.caf': ['-vn'],
  'sound.flac': ['-vn'],
  'sound.ogg': ['-vn', '-c:a', 'libvorbis', '-q:a', '0'],
  'sound.aac': ['-vn', ...aac],
  'sound.ac3': ['-vn', '-c:a', 'ac3', '-b:a', '64k', '-ar', '48000'],
};

/** Odd inputs that carry structures the plain ones lack. */
const odd = ['three-tracks.mkv', 'rot90.mp4', 'edit-list.mp4', 'interlaced.ts', 'vfr.mp4', 'no-duration.mkv', 'surround-centre.mp4', 'cover-only.m4a'];

/** Every seed; the generated ones are made once per machine and ffmpeg. `more` names a folder with real files, of which small ones are taken. */
export function corpus(more?: string): Seed[] {
  const generated = generatedFolder();
  const oddFolder = oddInputs();
  const real = more === undefined ? [] : readdirSync(more).filter((name) => statSync(join(more, name)).size < 3_000_000 && statSync(join(more, name)).size > 1_000).toSorted();
  return [
    ...Object.keys(containers).map((name) => ({ name, bytes: readFileSync(join(generated, name)) })),
    ...odd.map((name) => ({ name, bytes: readFileSync(join(oddFolder, name)) })),
    ...real.map((name) => ({ name, bytes: readFileSync(join(more ?? '', name)) })),
  ];
}

function generatedFolder(): string {
  const version = execFileSync('ffmpeg', ['-version'], { encoding: 'utf8' });
  return madeOnce('fuzz-corpus', [readFileSync(resolve('test/fuzz/corpus.ts')), version], (dir) => {
    for (const [name, options] of Object.entries(containers)) {
      execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...picture, ...sound, ...options, ...exact, join(dir, name)], { stdio: ['ignore', 'ignore', 'inherit'] });
    }
  });
}
