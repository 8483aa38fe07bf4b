import { cp, copyFile, mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModelWorker } from '../../src/inference/model-worker.js';
import { moduleEntry } from '../../src/process/module-entry.js';
import type { SpeechMethods } from '../../src/pipeline/transcribe/recogniser/speech-methods.js';
import { fixtures, makeSound, modelsDir, openTestRun, type TestRun } from './test-run.js';

let run: TestRun;

beforeAll(async () => {
  run = await openTestRun();
});
afterAll(() => run.close());

/** A source with captions beside it: the fixture's sound in a folder of its own. */
async function sourceWith(folder: string, files: Record<string, string>): Promise<string> {
  const dir = join(run.dir, folder);
  await mkdir(dir);
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  const path = join(dir, 'lang-es.m4a');
  await copyFile(join(fixtures, 'lang-es.m4a'), path);
  return path;
}

const srt = '1\n00:00:00,200 --> 00:00:03,500\nBuenos días. Hoy vamos a hablar\n\n2\n00:00:03,500 --> 00:00:06,500\nde cómo hacer un vídeo corto.\n';

describe('captions that are already there', () => {
  it('with word times replace recognition', async () => {
    const path = await sourceWith('words', { 'lang-es.json': JSON.stringify({ language: 'es', words: [{ text: 'Buenos', start: 0.3, end: 0.6 }, { text: 'días.', start: 0.6, end: 1 }] }) });
    const { transcript, notices, events } = await run.hear(path);
    expect(transcript).toMatchObject({ origin: 'words', language: 'es', words: [{ text: 'Buenos' }, { text: 'días.', startUs: 600_000 }] });
    expect(notices).toMatchObject([{ code: 'CAPTIONS_USED', severity: 'info' }]);
    expect(events.some((event) => event.type === 'task-queued' && (event.op === 'transcribe.chunk' || event.op === 'transcribe.language'))).toBe(false);
  });

  it('that are broken word lists stop the run', async () => {
    const path = await sourceWith('broken', { 'lang-es.json': JSON.stringify({ words: [{ text: 'Buenos', start: 3, end: 0.6 }] }) });
    await expect(run.hear(path, { language: 'es' })).rejects.toMatchObject({ code: 'CAPTIONS_INVALID', exitCode: 3 });
  });

  it('with cue times are reported, and used only when asked for', async () => {
    const path = await sourceWith('cues', { 'lang-es.es.srt': srt });
    const reported = await run.hear(path, { language: 'es' });
    expect(reported.transcript.origin).toBe('recognised');
    expect(reported.notices).toMatchObject([{ code: 'CAPTIONS_FOUND', severity: 'info', message: expect.stringContaining('lang-es.es.srt'), remedy: expect.stringContaining('--use-captions') }]);
    const used = await run.hear(path, { useCaptions: true });
    expect(used.transcript).toMatchObject({ origin: 'cues', language: 'es', sentences: [{ text: 'Buenos días.' }, { text: 'Hoy vamos a hablar de cómo hacer un vídeo corto.' }] });
    expect(used.notices).toMatchObject([{ code: 'CAPTIONS_USED' }]);
    // No word lies in a pause: the speech of the cue is where its words are.
    const inSpeech = used.transcript.words.every((word) => used.speech.islands.some((island) => word.startUs >= island.startUs && word.endUs <= island.endUs));
    expect(inSpeech).toBe(true);
  });

  it('are taken from a text track', async () => {
    await writeFile(join(run.dir, 'track.srt'), srt);
    const path = await makeSound(join(run.dir, 'track.mkv'), '-i', join(fixtures, 'lang-es.m4a'), '-i', join(run.dir, 'track.srt'), '-map', '0:a', '-map', '1', '-c:a', 'copy', '-c:s', 'srt');
    const captions = [{ kind: 'cues' as const, origin: 'track' as const, name: 'stream 1', streamIndex: 1 }];
    const { transcript } = await run.hear(path, { useCaptions: true, language: 'es', captions });
    expect(transcript).toMatchObject({ origin: 'cues', sentences: [{ text: 'Buenos días.' }, {}] });
  });
});

describe('models that are not as shipped', () => {
  it.each([
    ['truncated', 'MODEL_CORRUPT', (path: string) => truncate(path, 1_000_000)],
    ['missing', 'MODEL_MISSING', (path: string) => rm(path)],
  ])('are refused when %s', async (name, code, spoil) => {
    const models = join(run.dir, `models-${name}`);
    await cp(modelsDir, models, { recursive: true });
    await spoil(join(models, 'silero-vad', 'silero_vad_16k.onnx'));
    const other = await openTestRun({ modelsDir: models });
    try {
      await expect(other.hear(join(fixtures, 'lang-es.m4a'))).rejects.toMatchObject({ code, exitCode: 4, message: expect.stringContaining('silero-vad') });
    } finally {
      await other.close();
    }
  });
});

describe('a recogniser that is killed', () => {
  it('fails its request clearly and is started again for the next', async () => {
    const pcmPath = await makeSound(join(run.dir, 'es.pcm'), '-i', join(fixtures, 'lang-es.m4a'), '-ac', '1', '-ar', '16000', '-f', 's16le');
    const entry = moduleEntry('../../src/pipeline/transcribe/speech-worker', import.meta.url);
    const worker = new ModelWorker<SpeechMethods>({ name: 'speech recogniser', entry, cwd: run.dir });
    const chunk = { startUs: 0, endUs: 6_900_000 };
    const request = { modelsDir, model: 'whisper-base', pcmPath, chunk, language: 'es', islands: [chunk] };
    try {
      await worker.request('findSpeech', { modelsDir, pcmPath });
      const doomed = worker.request('recognise', request);
      process.kill(worker.pid as number, 'SIGKILL');
      await expect(doomed).rejects.toMatchObject({ code: 'TOOL_FAILED', message: 'the speech recogniser was killed' });
      const { value } = await worker.request('recognise', request);
      expect(value.words[0]?.text).toBe('Buenos');
    } finally {
      await worker.close();
    }
  });
});
