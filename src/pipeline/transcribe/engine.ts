import { availableParallelism, totalmem } from 'node:os';
import { ModelWorkerPool } from '../../inference/model-worker-pool.js';
import { moduleEntry } from '../../process/module-entry.js';
import type { StageContext } from '../stage.js';
import type { SpeechMethods } from './recogniser/speech-methods.js';

/** The recogniser that ships. Its hash enters the keys of the tasks that use it. */
export const speechModel = 'whisper-base';
export const speechModelTool = 'model:whisper-base';
export const vadModelTool = 'model:silero-vad';

/** A worker holds 0.55 to 0.65 GB: it may have a third of its share of the memory. */
const memoryPerWorkerBytes = 2_000_000_000;
const mostWorkers = Math.min(4, availableParallelism(), Math.floor(totalmem() / memoryPerWorkerBytes));

/**
 * Asks one of the run's speech workers, which stay loaded until the run ends, and adds the CPU it used to the task.
 *
 * @throws {SnvgError} MODEL_MISSING, MODEL_CORRUPT, INFERENCE_MISSING, TOOL_FAILED when the worker died
 */
export async function askSpeechWorker<K extends keyof SpeechMethods>(
  ctx: StageContext<unknown>,
  method: K,
  params: Omit<SpeechMethods[K]['params'], 'modelsDir'>,
  onProgress?: (fraction: number) => void,
): Promise<SpeechMethods[K]['result']> {
  const { modelsDir } = ctx.toolchain;
  const options = { name: 'speech recogniser', entry: moduleEntry('./speech-worker', import.meta.url), cwd: modelsDir };
  const workers = await ctx.shared('transcribe/speech-workers', async () => new ModelWorkerPool<SpeechMethods>(options, mostWorkers));
  const { value, cpuSeconds } = await workers.request(method, { ...params, modelsDir } as SpeechMethods[K]['params'], { signal: ctx.signal, onProgress });
  ctx.addCpuSeconds(cpuSeconds);
  return value;
}
