import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, mkdirSync, readFileSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { ErrorCode } from '../../src/errors.js';
import { fixture } from './run-snvg.js';

/** The folders a case may write to before snvg runs. */
export interface Scratch {
  /** Working directory of the run, empty at start. */
  cwd: string;
  /** For stubs and files that are not the input. */
  side: string;
}

export interface Prepared {
  args: readonly string[];
  env?: Record<string, string>;
  asOrdinaryUser?: true;
  /** Another working directory than `scratch.cwd`. */
  cwd?: string;
  /** Undoes what removing the folders cannot. */
  cleanUp?: () => void;
}

export interface WrongInput {
  /** First column of docs/inputs-wrong.md. */
  what: string;
  code: ErrorCode;
  exitCode: number;
  /** What is refused before a job exists leaves no row either. */
  leavesJob: boolean;
  /** Why it cannot run here, or undefined. */
  skip?: string;
  prepare(scratch: Scratch): Prepared;
}

const repository = resolve(import.meta.dirname, '../..');
const isRoot = process.getuid?.() === 0;
const nobody = 65_534;

function ffmpeg(...args: string[]): void {
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args]);
}

/** The first seconds of the talk, streams copied. */
function excerpt(path: string, seconds: number, ...options: string[]): void {
  ffmpeg('-i', fixture('talk.mp4'), '-t', String(seconds), '-c', 'copy', ...options, path);
}

/** An executable shell script. */
function stub(path: string, body: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
}

/** Copies a byte range: what a broken download or a pulled card leaves. */
function cutShort(path: string, fraction: number): void {
  truncateSync(path, Math.floor(readFileSync(path).length * fraction));
}

function processing(input: string, more: Omit<Prepared, 'args'> = {}): Prepared {
  return { args: ['process', input], ...more };
}

/** A copy of the shipped models folder whose large files are links, so that one can be broken. */
function modelsCopy(dir: string, spare: string): string {
  cpSync(join(repository, 'models'), dir, { recursive: true, filter: (path) => !path.endsWith(spare) });
  return dir;
}

const recogniser = join('whisper-base', 'base-encoder.onnx');

/** The twenty wrong inputs that docs/inputs-wrong.md lists, in its order. */
export const wrongInputs: readonly WrongInput[] = [
  {
    what: 'A file that does not exist',
    code: 'MEDIA_MISSING',
    exitCode: 3,
    leavesJob: true,
    prepare: () => processing('nowhere.mp4'),
  },
  {
    what: 'A folder without a film in it',
    code: 'MEDIA_MISSING',
    exitCode: 3,
    leavesJob: false,
    prepare: ({ cwd }) => {
      mkdirSync(join(cwd, 'talk.mp4'));
      return processing('talk.mp4');
    },
  },
  {
    what: 'An empty file',
    code: 'MEDIA_EMPTY',
    exitCode: 3,
    leavesJob: true,
    prepare: ({ cwd }) => {
      writeFileSync(join(cwd, 'empty.mp4'), '');
      return processing('empty.mp4');
    },
  },
  {
    what: 'Text named .mp4',
    code: 'MEDIA_UNREADABLE',
    exitCode: 3,
    leavesJob: true,
    prepare: ({ cwd }) => {
      writeFileSync(join(cwd, 'notes.mp4'), 'These are notes, not a film.\n'.repeat(200));
      return processing('notes.mp4');
    },
  },
  {
    what: 'A film cut short (index at the front, the end missing)',
    code: 'MEDIA_TRUNCATED',
    exitCode: 3,
    leavesJob: true,
    prepare: ({ cwd }) => {
      excerpt(join(cwd, 'cut.mp4'), 60, '-movflags', '+faststart');
      cutShort(join(cwd, 'cut.mp4'), 0.6);
      return processing('cut.mp4');
    },
  },
  {
    what: 'A film without its index (no moov)',
    code: 'MEDIA_UNREADABLE',
    exitCode: 3,
    leavesJob: true,
    prepare: ({ cwd }) => {
      excerpt(join(cwd, 'no-moov.mp4'), 30);
      cutShort(join(cwd, 'no-moov.mp4'), 0.9);
      return processing('no-moov.mp4');
    },
  },
  {
    what: 'A photograph named .mp4',
    code: 'MEDIA_UNSUPPORTED',
    exitCode: 3,
    leavesJob: true,
    prepare: ({ cwd, side }) => {
      ffmpeg('-ss', '3', '-i', fixture('talk.mp4'), '-frames:v', '1', join(side, 'photo.jpg'));
      renameSync(join(side, 'photo.jpg'), join(cwd, 'photo.mp4'));
      return processing('photo.mp4');
    },
  },
  {
    what: 'Captions alone, without picture or sound',
    code: 'MEDIA_UNSUPPORTED',
    exitCode: 3,
    leavesJob: true,
    prepare: ({ cwd, side }) => {
      writeFileSync(join(side, 'words.srt'), '1\n00:00:01,000 --> 00:00:40,000\nWords without a voice\n');
      ffmpeg('-i', join(side, 'words.srt'), '-c', 'copy', join(cwd, 'words.mkv'));
      return processing('words.mkv');
    },
  },
  {
    what: 'Six seconds long',
    code: 'MEDIA_TOO_SHORT',
    exitCode: 3,
    leavesJob: true,
    prepare: ({ cwd }) => {
      excerpt(join(cwd, 'short.mp4'), 6);
      return processing('short.mp4');
    },
  },
  {
    what: 'A file of another user that may not be read',
    code: 'MEDIA_UNREADABLE',
    exitCode: 3,
    leavesJob: true,
    ...(isRoot ? {} : { skip: 'only root can give a file to another user' }),
    prepare: ({ cwd }) => {
      excerpt(join(cwd, 'private.mp4'), 30);
      chmodSync(join(cwd, 'private.mp4'), 0o600);
      chownSync(join(cwd, 'private.mp4'), nobody, nobody);
      return processing('private.mp4', { asOrdinaryUser: true });
    },
  },
  {
    what: 'A disk too full for the clips',
    code: 'DISK_FULL',
    exitCode: 4,
    leavesJob: true,
    ...(isRoot ? {} : { skip: 'only root can mount a small disk' }),
    prepare: ({ side }) => {
      const disk = join(side, 'small-disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]);
      return processing(fixture('talk.mp4'), { cwd: disk, cleanUp: () => void execFileSync('umount', ['-l', disk]) });
    },
  },
  {
    what: 'An output folder with files of somebody else',
    code: 'OUTPUT_NOT_OURS',
    exitCode: 2,
    leavesJob: true,
    prepare: ({ side }) => {
      const output = join(side, 'holiday');
      mkdirSync(output);
      writeFileSync(join(output, 'beach.jpg'), 'not ours');
      return { args: ['process', fixture('talk.mp4'), '--output', output] };
    },
  },
  {
    what: 'No ffmpeg on this machine',
    code: 'FFMPEG_MISSING',
    exitCode: 4,
    leavesJob: true,
    prepare: ({ side }) => {
      mkdirSync(join(side, 'bin'));
      symlinkSync(process.execPath, join(side, 'bin', 'node'));
      return processing(fixture('talk.mp4'), { env: { PATH: join(side, 'bin') } });
    },
  },
  {
    what: 'An ffmpeg without libass',
    code: 'FFMPEG_INCAPABLE',
    exitCode: 4,
    leavesJob: true,
    prepare: ({ side }) => {
      const real = execFileSync('sh', ['-c', 'command -v ffmpeg'], { encoding: 'utf8' }).trim();
      stub(
        join(side, 'bin', 'ffmpeg'),
        `for word in "$@"; do case "$word" in filter=ass|filter=subtitles) echo "Unknown filter '\${word#filter=}'."; exit 0;; esac; done\nexec '${real}' "$@"`,
      );
      return processing(fixture('talk.mp4'), { env: { PATH: `${join(side, 'bin')}:${process.env['PATH']}` } });
    },
  },
  {
    what: 'An ffmpeg older than 5.1',
    code: 'FFMPEG_TOO_OLD',
    exitCode: 4,
    leavesJob: true,
    prepare: ({ side }) => {
      stub(
        join(side, 'bin', 'ffmpeg'),
        'cat <<END\nffmpeg version 4.4.2 Copyright (c) 2000-2021 the FFmpeg developers\nbuilt with gcc 11\nconfiguration: --enable-gpl --enable-libass --enable-libx264\nlibavutil      56. 70.100 / 56. 70.100\nlibavcodec     58.134.100 / 58.134.100\nEND',
      );
      return processing(fixture('talk.mp4'), { env: { PATH: `${join(side, 'bin')}:${process.env['PATH']}` } });
    },
  },
  {
    what: 'A model file that was damaged',
    code: 'MODEL_CORRUPT',
    exitCode: 4,
    leavesJob: true,
    prepare: ({ side }) => {
      const models = modelsCopy(join(side, 'models'), '.keep-all');
      const path = join(models, recogniser);
      const bytes = readFileSync(path);
      bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 0xff, bytes.length >> 1);
      writeFileSync(path, bytes);
      return { args: ['process', fixture('talk.mp4'), '--models', models] };
    },
  },
  {
    what: 'A model file that is missing',
    code: 'MODEL_MISSING',
    exitCode: 4,
    leavesJob: true,
    prepare: ({ side }) => ({ args: ['process', fixture('talk.mp4'), '--models', modelsCopy(join(side, 'models'), recogniser)] }),
  },
  {
    what: 'A configuration file with a wrong value',
    code: 'CONFIG_INVALID',
    exitCode: 2,
    leavesJob: false,
    prepare: ({ cwd }) => {
      writeFileSync(join(cwd, '.snvgrc.yaml'), 'maxLength: an hour\n');
      return processing(fixture('talk.mp4'));
    },
  },
  {
    what: 'An unknown flag',
    code: 'USAGE',
    exitCode: 2,
    leavesJob: false,
    prepare: () => ({ args: ['process', fixture('talk.mp4'), '--clip', '3'] }),
  },
  {
    what: 'A file list named like a film, with a name that tries to be more than a name',
    code: 'MEDIA_UNREADABLE',
    exitCode: 3,
    leavesJob: true,
    prepare: ({ cwd }) => {
      const name = `-i $(touch pwned);'[0:v]\u001b[31m\n%d:concat.mp4`;
      writeFileSync(join(cwd, name), `ffconcat version 1.0\nfile '${fixture('talk.mp4')}'\n`);
      return { args: ['process', '--', name] };
    },
  },
];
