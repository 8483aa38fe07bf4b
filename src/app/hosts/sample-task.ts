import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readArtifact } from '../../pipeline/run-task.js';
import { loadOperation } from '../../pipeline/stages.js';
import { type Task, taskKey } from '../../pipeline/task.js';
import { type WorkOrder, workOrderOf } from '../../pipeline/work-order.js';
import type { TaskResult } from '../../artifacts/task-results.js';
import type { App } from '../app.js';

const samplePath = fileURLToPath(new URL('../../../assets/sample/speech.pcm', import.meta.url));
const bytesPerUs = (16_000 * 2) / 1e6;

/**
 * A small real task: words of four seconds of speech. Each call makes another one, by a fraction of a millisecond, so that no machine
 * answers from what it has kept.
 */
export async function makeSampleTask(app: App, signal: AbortSignal): Promise<WorkOrder> {
  const bytes = await readFile(samplePath);
  const pcm = await app.store.put('speech.pcm', { bytes });
  const durationUs = Math.floor(bytes.length / bytesPerUs);
  const range = { startUs: 0, endUs: durationUs - (Date.now() % 1_000) };
  const operation = await loadOperation('transcribe.chunk');
  const params = operation.params.parse({ language: 'en', chunk: range, islands: [range] });
  const inputs = { pcm };
  const task: Task = { key: taskKey(operation as never, params, inputs, await app.toolchain()), op: operation.id, stage: operation.stage, params, inputs, label: 'a sample', priority: 0, slots: operation.slots };
  const order = await workOrderOf(task, { films: { bytesOf: () => Promise.reject(new Error('a sample is no film')) }, read: (ref) => readArtifact(app.store, ref), signal });
  if (!order) throw new Error('speech is not recognised elsewhere');
  return order;
}

/** The words a sample came to. */
export async function sampleText(app: App, result: TaskResult): Promise<string> {
  const part = await readArtifact(app.store, result.outputs['part'] as never) as { words: { text: string; spaceBefore: boolean }[] };
  return part.words.map(({ text, spaceBefore }) => `${spaceBefore ? ' ' : ''}${text}`).join('').trim();
}

/** Runs the sample on this machine. */
export async function sampleHere(app: App, order: WorkOrder, signal: AbortSignal): Promise<TaskResult> {
  for await (const event of (await app.backend()).submit(order.task, { signal })) if (event.type === 'finished') return event.result;
  throw new Error('a task ended without a result');
}
