import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readArtifact } from '../../pipeline/run-task.js';
import { loadOperation } from '../../pipeline/stages.js';
import { type Task, taskKey } from '../../pipeline/task.js';
import type { WorkOrder } from '../../pipeline/work-order.js';
import type { TaskResult } from '../../artifacts/task-results.js';
import type { ArtifactRef } from '../../artifacts/kinds.js';
import type { App } from '../app.js';

const samplePath = fileURLToPath(new URL('../../../assets/sample/speech.pcm', import.meta.url));
const bytesPerUs = (16_000 * 2) / 1e6;

/**
 * A small real task: words of four seconds of speech. Each call makes another one, by a fraction of a millisecond, so that no machine
 * answers from what it has kept.
 */
export async function makeSampleTask(app: App): Promise<WorkOrder> {
  const bytes = await readFile(samplePath);
  const pcm = await app.store.put('speech.pcm', { bytes });
  const durationUs = Math.floor(bytes.length / bytesPerUs);
  const range = { startUs: 0, endUs: durationUs - (Date.now() % 1_000) };
  const operation = await loadOperation('transcribe.chunk');
  const params = operation.params.parse({ language: 'en', chunk: range, islands: [range] });
  const inputs = { pcm };
  const task: Task = { key: taskKey(operation as never, params, inputs, await app.toolchain()), op: operation.id, stage: operation.stage, params, inputs, label: 'a sample', priority: 0, slots: operation.slots };
  // All of it is read, and it takes no more than any chunk of speech.
  return { task, parts: [{ sha256: pcm.hash, sizeBytes: pcm.sizeBytes, ranges: [{ startByte: 0, endByte: pcm.sizeBytes }] }], cpuSeconds: 5, memoryBytes: 1e9, tools: operation.tools };
}

/** The words a sample came to. */
export async function sampleText(app: App, result: TaskResult): Promise<string> {
  const { part: ref } = result.outputs;
  if (!ref) throw new Error('a sample without words');
  const part = await readArtifact(app.store, ref as ArtifactRef<'transcript-part'>);
  return part.words.map(({ text, spaceBefore }) => `${spaceBefore ? ' ' : ''}${text}`).join('').trim();
}

/** Runs the sample on this machine. */
export async function sampleHere(app: App, order: WorkOrder, signal: AbortSignal): Promise<TaskResult> {
  for await (const event of (await app.backend()).submit(order.task, { signal })) if (event.type === 'finished') return event.result;
  throw new Error('a task ended without a result');
}
