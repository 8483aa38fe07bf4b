import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { describeRuntime } from '../../src/inference/describe-runtime.js';
import { ModelWorker } from '../../src/inference/model-worker.js';
import { moduleEntry } from '../../src/process/module-entry.js';
import type { PracticeMethods } from './practice-worker.js';

let worker: ModelWorker<PracticeMethods> | undefined;

function start(): ModelWorker<PracticeMethods> {
  worker = new ModelWorker<PracticeMethods>({ name: 'practice worker', entry: moduleEntry('./practice-worker', import.meta.url), cwd: tmpdir() });
  return worker;
}

afterEach(async () => {
  await worker?.close();
});

describe('a model worker', () => {
  it('answers several requests at once, each to its own asker', async () => {
    const practice = start();
    const [slow, quick, echo] = await Promise.all([
      practice.request('wait', { ms: 300, label: 'slow' }),
      practice.request('wait', { ms: 10, label: 'quick' }),
      practice.request('echo', 'line one\nline two 日本'),
    ]);
    expect(slow.value).toEqual({ label: 'slow', order: 2 });
    expect(quick.value).toEqual({ label: 'quick', order: 1 });
    expect(echo.value).toBe('line one\nline two 日本');
  });

  it('counts the CPU of the child once, however many ask', async () => {
    const practice = start();
    const answers = await Promise.all([practice.request('burn', { ms: 200 }), practice.request('burn', { ms: 200 }), practice.request('echo', '')]);
    const last = await practice.request('burn', { ms: 200 });
    const total = answers.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, last.cpuSeconds);
    expect(last.cpuSeconds).toBeGreaterThanOrEqual(0.2);
    expect(last.cpuSeconds).toBeLessThan(total - 0.4);
  });

  it('passes progress on', async () => {
    const seen: number[] = [];
    await start().request('wait', { ms: 1, label: '' }, { onProgress: (fraction) => seen.push(fraction) });
    expect(seen).toEqual([0.5]);
  });

  it('hands on an expected failure with its code and remedy, and any other as a fault', async () => {
    const practice = start();
    await expect(practice.request('refuse', null)).rejects.toMatchObject({ name: 'SnvgError', code: 'MODEL_CORRUPT', message: 'the practice model is damaged', remedy: 'Get another.' });
    await expect(practice.request('fall', null)).rejects.toThrow('a fault of the worker');
  });

  it('refuses every open request when it dies, with its last words, and starts again for the next', async () => {
    const practice = start();
    const waiting = practice.request('wait', { ms: 60_000, label: '' });
    const death = practice.request('die', { lastWords: 'out of memory, or so it seems' });
    for (const request of [waiting, death]) {
      await expect(request).rejects.toMatchObject({ code: 'TOOL_FAILED', message: 'the practice worker ended with code 7: out of memory, or so it seems' });
    }
    expect((await practice.request('echo', 'again')).value).toBe('again');
  });

  it('says when it was killed', async () => {
    const practice = start();
    await practice.request('echo', '');
    const waiting = practice.request('wait', { ms: 60_000, label: '' });
    process.kill(practice.pid as number, 'SIGKILL');
    await expect(waiting).rejects.toMatchObject({ code: 'TOOL_FAILED', message: 'the practice worker was killed' });
  });

  it('gives up after dying twice without an answer', async () => {
    const practice = start();
    for (let i = 0; i < 2; i++) await expect(practice.request('die', { lastWords: '' })).rejects.toThrow('ended with code 7');
    await expect(practice.request('echo', '')).rejects.toThrow('died twice in a row');
  });

  it('stops waiting when aborted and tells the child', async () => {
    const practice = start();
    const controller = new AbortController();
    const waiting = practice.request('wait', { ms: 60_000, label: '' }, { signal: controller.signal });
    controller.abort(new Error('no longer wanted'));
    await expect(waiting).rejects.toThrow('no longer wanted');
    expect((await practice.request('echo', 'still here')).value).toBe('still here');
  });
});

describe('the inference runtime', () => {
  it('is the native build where it is installed, and WebAssembly on demand', async () => {
    const native = await describeRuntime(tmpdir());
    expect(native).toMatchObject({ kind: 'native', name: expect.stringMatching(/^onnxruntime-node \d/) });
    const wasm = await describeRuntime(tmpdir(), 'wasm');
    expect(wasm).toMatchObject({ kind: 'wasm', name: expect.stringMatching(/^onnxruntime-web \d/) });
  });

  it('is not loaded into a process that only imports src/inference', async () => {
    const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    const modules = ['model-worker', 'model-files', 'model-catalog', 'describe-runtime', 'session', 'serve-model-worker'].map((name) => new URL(`../../src/inference/${name}.ts`, import.meta.url).href);
    const script = `await Promise.all(${JSON.stringify(modules)}.map((url) => import(url))); console.log(JSON.stringify(process.report.getReport().sharedObjects.filter((path) => path.includes('onnxruntime'))));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', tsx, '--input-type=module', '-e', script]);
    expect(JSON.parse(stdout)).toEqual([]);
  });
});
