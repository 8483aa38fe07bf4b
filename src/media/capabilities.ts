import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { basename, delimiter, dirname, join, resolve, sep } from 'node:path';
import { SnvgError } from '../errors.js';
import { run, ToolFailure } from '../process/run.js';
import { installHint } from './install-hint.js';

/** What snvg asks of an ffmpeg. Everything else it uses is in every build. */
const required = {
  filter: ['ass', 'ebur128', 'alimiter', 'silencedetect', 'blackdetect', 'freezedetect', 'showinfo'],
  encoder: ['libx264', 'aac'],
} as const;
/** Only sources in HDR or wide colours, interlaced ones and ones with transparency need these; runFfmpeg names the one that is missing then. */
const optional = { filter: ['lut3d', 'bwdif', 'premultiply'], encoder: [] } as const;

/** libavutil of ffmpeg 5.1. Version words are not comparable across builds (`n5.1`, `2024-03-01-git`, `5.1.9-0+deb12u1`); this is. */
const oldest = { major: 57, minor: 28, words: '5.1 (libavutil 57.28)' } as const;

/** Small facts remembered between runs. */
export interface InspectionMemo {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
}

/** Paths from the settings (flag over environment over file); null or absent: look for them on PATH. */
export interface FfmpegChoice {
  ffmpeg?: string | null;
  ffprobe?: string | null;
}

export interface FfmpegInspection {
  ffmpeg: {
    path: string;
    /** sha256 of version, configuration and library versions: what enters task keys. */
    identity: string;
    version: string;
    libavutil: string;
    /** Names of required and optional filters and encoders that are there. */
    present: string[];
    /** Required ones that are not. */
    missing: string[];
    optionalMissing: string[];
  };
  ffprobe: { path: string; version: string };
}

type Built = Omit<FfmpegInspection['ffmpeg'], 'path'>;

/**
 * Finds ffmpeg and ffprobe and makes sure that they can do the work. A named one that does not run is an error, never a reason to
 * take another. Inspections are remembered by path, size and time: a second run starts no process.
 *
 * @throws {SnvgError} FFMPEG_MISSING, FFMPEG_TOO_OLD, FFMPEG_INCAPABLE
 */
export async function inspectFfmpeg(choice: FfmpegChoice, memo?: InspectionMemo): Promise<FfmpegInspection> {
  const survey = await surveyFfmpeg(choice, memo);
  const { path, version, missing } = survey.ffmpeg;
  if (missing.length > 0) {
    throw new SnvgError(
      'FFMPEG_INCAPABLE',
      `${path} (${version}) was built without ${missing.join(', ')}, which snvg needs`,
      `Install a full build (${installHint()}), or name one with --ffmpeg.`,
    );
  }
  return survey;
}

/**
 * The same, but an ffmpeg that lacks something is described rather than refused.
 *
 * @throws {SnvgError} FFMPEG_MISSING, FFMPEG_TOO_OLD
 */
export async function surveyFfmpeg(choice: FfmpegChoice, memo?: InspectionMemo): Promise<FfmpegInspection> {
  const ffmpegPath = await locate('ffmpeg', choice.ffmpeg);
  const built = await remembered(memo, ffmpegPath, () => inspectBuild(ffmpegPath), isBuilt);
  // The one beside the chosen ffmpeg belongs to it; PATH may hold that of another version.
  const sibling = join(dirname(ffmpegPath), executableName('ffprobe'));
  const named = choice.ffprobe ?? (choice.ffmpeg != null && (await isExecutable(sibling)) ? sibling : null);
  const probePath = await locate('ffprobe', named);
  const probe = await remembered(memo, probePath, () => versionOf('ffprobe', probePath), isVersion);
  return { ffmpeg: { path: ffmpegPath, ...built }, ffprobe: { path: probePath, version: probe.version } };
}

async function inspectBuild(path: string): Promise<Built> {
  const { version, libavutil, lines } = await versionOf('ffmpeg', path);
  const [major = 0, minor = 0] = libavutil.split('.').map(Number);
  if (major < oldest.major || (major === oldest.major && minor < oldest.minor)) {
    throw new SnvgError(
      'FFMPEG_TOO_OLD',
      `${path} is ffmpeg ${version} (libavutil ${libavutil}); snvg needs ${oldest.words} or later, for -fps_mode and the filters of that release`,
      `Install a newer one (${installHint()}), or name one with --ffmpeg.`,
    );
  }
  const present: string[] = [];
  const missing: string[] = [];
  const optionalMissing: string[] = [];
  const names = (['filter', 'encoder'] as const).flatMap((kind) => [
    ...required[kind].map((name) => ({ kind, name, absent: missing })),
    ...optional[kind].map((name) => ({ kind, name, absent: optionalMissing })),
  ]);
  // A few at a time: each is a process that ends at once.
  for (let at = 0; at < names.length; at += 4) {
    const batch = names.slice(at, at + 4);
    const found = await Promise.all(batch.map(({ kind, name }) => knows(path, kind, name)));
    for (const [index, { name, absent }] of batch.entries()) (found[index] ? present : absent).push(name);
  }
  return { identity: createHash('sha256').update(lines.join('\n')).digest('hex'), version, libavutil, present, missing, optionalMissing };
}

/** `-h` answers alike on every version and exits 0 either way; the tables of `-filters` changed their columns. */
async function knows(path: string, kind: 'filter' | 'encoder', name: string): Promise<boolean> {
  const lines = await said('ffmpeg', path, ['-hide_banner', '-h', `${kind}=${name}`]);
  return lines.some((line) => new RegExp(`^(Filter|Encoder) ${name}\\b`).test(line));
}

async function versionOf(tool: 'ffmpeg' | 'ffprobe', path: string): Promise<{ version: string; libavutil: string; lines: string[] }> {
  const lines = (await said(tool, path, ['-version'])).filter((line) => /^(ff\w+ version|configuration:|lib\w+\s)/.test(line.trim()));
  const version = new RegExp(`^${tool} version (\\S+)`).exec(lines[0] ?? '')?.[1];
  const libavutil = lines.map((line) => /^\s*libavutil\s+(\d+)\.\s*(\d+)\.\s*(\d+)/.exec(line)).find((match) => match !== null);
  if (version === undefined || !libavutil) {
    throw new SnvgError('FFMPEG_MISSING', `${path} runs, but it is not ${tool}: its -version names no libavutil`, `Name a real one with --${tool}, or install it: ${installHint()}.`);
  }
  return { version, libavutil: libavutil.slice(1, 4).join('.'), lines };
}

async function said(tool: 'ffmpeg' | 'ffprobe', path: string, args: readonly string[]): Promise<string[]> {
  const lines: string[] = [];
  try {
    const onLine = (line: string): void => {
      if (lines.length < 5_000) lines.push(line);
    };
    await run({ command: path, args, cwd: '/', timeoutMs: 20_000, onStdoutLine: onLine, onStderrLine: onLine });
  } catch (error) {
    if (!(error instanceof ToolFailure)) throw error;
    const reason = error.notStarted ? 'cannot be started' : `ended with exit code ${error.exitCode ?? 'unknown'} when asked for ${args.at(-1)}`;
    throw new SnvgError('FFMPEG_MISSING', `${path} ${reason}`, `Name one that runs with --${tool}, or install it: ${installHint()}.`, { cause: error });
  }
  return lines;
}

async function locate(tool: 'ffmpeg' | 'ffprobe', named: string | null | undefined): Promise<string> {
  const bare = named === null || named === undefined ? executableName(tool) : named;
  if (bare !== basename(bare) || bare.includes(sep)) {
    const path = resolve(bare);
    if (await isExecutable(path)) return path;
    throw new SnvgError('FFMPEG_MISSING', `${path}, named as the ${tool} to use, is not a program that can be run`, `Correct --${tool} (or its setting), or leave it out to use the one on PATH.`);
  }
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = resolve(folder, bare);
    if (folder !== '' && (await isExecutable(path))) return path;
  }
  const chosen = named === null || named === undefined ? tool : `${bare}, named as the ${tool} to use,`;
  throw new SnvgError('FFMPEG_MISSING', `${chosen} was not found on PATH`, `Install ffmpeg ${oldest.words} or later: ${installHint()}.`);
}

function executableName(tool: string): string {
  return process.platform === 'win32' ? `${tool}.exe` : tool;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** An answer counts for the very file that gave it and for the questions asked today. */
async function remembered<T>(memo: InspectionMemo | undefined, path: string, ask: () => Promise<T>, isAnswer: (value: unknown) => value is T): Promise<T> {
  const real = await realpath(path);
  const { size, mtimeMs } = await stat(real);
  const key = `inspection 1 ${path} ${real} ${size} ${mtimeMs} ${JSON.stringify([required, optional])}`;
  const known: unknown = JSON.parse(memo?.get(key) ?? 'null');
  if (isAnswer(known)) return known;
  const answer = await ask();
  memo?.set(key, JSON.stringify(answer));
  return answer;
}

function isVersion(value: unknown): value is Awaited<ReturnType<typeof versionOf>> {
  return typeof value === 'object' && value !== null && 'version' in value && typeof value.version === 'string';
}

function isBuilt(value: unknown): value is Built {
  return isVersion(value) && 'identity' in value && 'missing' in value && Array.isArray(value.missing);
}
