import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { hashFile } from '../../src/artifacts/fingerprint.js';
import { FileArtifactStore } from '../../src/artifacts/file-store.js';
import type { ArtifactRef } from '../../src/artifacts/kinds.js';
import type { Source } from '../../src/artifacts/schemas/source.js';
import { plainVideo } from '../support/plain-video.js';
import type { Speech, Transcript } from '../../src/artifacts/schemas/speech.js';
import { TaskResults } from '../../src/artifacts/task-results.js';
import { modelIdentities } from '../../src/inference/model-catalog.js';
import { createLogger } from '../../src/logger.js';
import { LocalBackend } from '../../src/pipeline/backends/local.js';
import type { Notice } from '../../src/pipeline/notice.js';
import { Resources } from '../../src/pipeline/resources.js';
import type { RunEventBody } from '../../src/pipeline/run-event.js';
import { Runner } from '../../src/pipeline/runner.js';
import type { FileRef, Toolchain } from '../../src/pipeline/stage.js';
import { planTranscribe } from '../../src/pipeline/transcribe/index.js';

const exec = promisify(execFile);

export const fixtures = new URL('../../fixtures/', import.meta.url).pathname;
export const modelsDir = new URL('../../models/', import.meta.url).pathname;

export interface Heard {
  speech: Speech;
  transcript: Transcript;
  notices: Notice[];
  events: RunEventBody[];
  cpuSeconds: number;
}

/** A real runner with a store of its own; `hear` runs the whole stage on a media file. */
export interface TestRun {
  readonly dir: string;
  hear(path: string, options?: { language?: string; useCaptions?: boolean; captions?: Source['captions']; subtitles?: Source['subtitles'] }): Promise<Heard>;
  close(): Promise<void>;
}

export async function openTestRun(options: { modelsDir?: string } = {}): Promise<TestRun> {
  const dir = await mkdtemp(join(tmpdir(), 'snvg-transcribe-'));
  const models = options.modelsDir ?? modelsDir;
  const toolchain: Toolchain = {
    ffmpeg: { path: 'ffmpeg', identity: 'test' },
    ffprobe: { path: 'ffprobe' },
    modelsDir: models,
    fontsDir: dir,
    identities: { ffmpeg: 'test', ...(await modelIdentities(models)) },
  };
  const store = new FileArtifactStore(join(dir, 'store'));
  const results = new TaskResults(join(dir, 'results'));
  const backend = new LocalBackend({ store, results, toolchain, resources: new Resources(), scratchRoot: join(dir, 'scratch'), log: createLogger('silent') }, 2);
  return {
    dir,
    async hear(path, { language = 'auto', useCaptions = false, captions = [], subtitles = [] } = {}) {
      const events: RunEventBody[] = [];
      const runner = new Runner({ backend, store, results, toolchain, signal: new AbortController().signal, emit: (event) => events.push(event), fingerprint });
      const file = await fingerprint(path);
      const value = { ...(await describe(path)), sha256: file.sha256, sizeBytes: file.sizeBytes, captions, subtitles };
      const source = (await store.put('source', { bytes: new TextEncoder().encode(JSON.stringify(value)) })) as ArtifactRef<'source'>;
      const refs = await planTranscribe(runner, { file, source, path, language, useCaptions, dir: dirname(path) });
      const [speech, transcript] = await Promise.all([runner.read(refs.speech), runner.read(refs.transcript)]);
      return { speech, transcript, notices: runner.notices, events, cpuSeconds: runner.tallies().reduce((sum, tally) => sum + tally.cpuSeconds, 0) };
    },
    async close() {
      await backend.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function fingerprint(path: string): Promise<FileRef> {
  return { path, ...(await hashFile(path)) };
}

/** What this stage reads of a source: its first audio stream and its length. The picture is made up. */
async function describe(path: string): Promise<Source> {
  const { stdout } = await exec('ffprobe', ['-v', 'error', '-of', 'json', '-show_format', '-show_streams', path]);
  const probed = JSON.parse(stdout) as { format: { duration: string }; streams: { index: number; codec_type: string; codec_name: string; sample_rate: string; channels: number }[] };
  const found = probed.streams.find((stream) => stream.codec_type === 'audio');
  if (!found) throw new Error(`${path} has no audio`);
  const audio = { index: found.index, codec: found.codec_name, sampleRate: Number(found.sample_rate), channels: found.channels, channelLayout: null, language: null, title: null };
  return {
    schemaVersion: 1,
    sha256: '',
    sizeBytes: 0,
    container: 'test',
    formatStartUs: 0,
    durationUs: Math.round(Number(probed.format.duration) * 1e6),
    unreliable: null,
    video: plainVideo(),
    audio,
    cover: null,
    audioTracks: [audio],
    subtitles: [],
    captions: [],
  };
}

/** Makes a sound file with ffmpeg: `args` go between the program and the output. */
export async function makeSound(path: string, ...args: string[]): Promise<string> {
  await exec('ffmpeg', ['-v', 'error', '-y', ...args, path]);
  return path;
}
