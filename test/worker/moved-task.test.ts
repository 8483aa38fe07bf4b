import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FileArtifactStore } from '../../src/artifacts/file-store.js';
import { bytesIn } from '../../src/artifacts/byte-range.js';
import { TaskResults } from '../../src/artifacts/task-results.js';
import { createLogger } from '../../src/logger.js';
import { Resources } from '../../src/pipeline/resources.js';
import { readArtifact, runTask } from '../../src/pipeline/run-task.js';
import { workOrderOf } from '../../src/pipeline/work-order.js';
import { localAgent } from '../support/local-agent.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { greeterIn, taskOf } from '../support/wire-orders.js';

it('hears the same words elsewhere, of a tenth of the sound', async () => {
  const home = temporaryFolder();
  const here = await greeterIn(home);
  const sample = readFileSync('assets/sample/speech.pcm');
  const lengthUs = Math.floor((sample.byteLength / 32_000) * 1e6);
  // The same few seconds ten times: the fifth is the chunk.
  const pcm = await here.store.put('speech.pcm', { bytes: Buffer.concat(Array.from({ length: 10 }, () => sample)) });
  const chunk = { startUs: 4 * lengthUs, endUs: 5 * lengthUs };
  const task = await taskOf(here.toolchain, 'transcribe.chunk', { language: 'en', chunk, islands: [chunk] }, { pcm });
  const signal = new AbortController().signal;
  const order = await workOrderOf(task, { films: { bytesOf: () => Promise.reject(new Error('no film is read')) }, read: (ref) => readArtifact(here.store, ref), signal });
  expect(order).toBeDefined();
  expect(bytesIn(order!.parts[0]!.ranges)).toBeLessThan(1.5 * sample.byteLength);

  const link = await here.link(localAgent({ home, memoFile: here.memoFile }));
  const result = await link.run(order!, { signal, listener: () => {} });
  expect(link.traffic.sentBytes).toBe(bytesIn(order!.parts[0]!.ranges));
  await link.close();

  const resources = new Resources();
  const own = new FileArtifactStore(join(home, 'own'));
  await own.put('speech.pcm', { bytes: readFileSync(await here.store.materialize(pcm.hash)) });
  const alone = await runTask(task, { store: own, results: new TaskResults(join(home, 'results')), toolchain: here.toolchain, resources, scratchRoot: join(home, 'scratch'), log: createLogger('silent') }, signal, { progress: () => {}, notice: () => {} });
  await resources.close();
  expect(result.outputs).toEqual(alone.outputs);
  const { words } = await readArtifact(here.store, result.outputs['part'] as never) as { words: unknown[] };
  expect(words.length).toBeGreaterThan(3);
});
