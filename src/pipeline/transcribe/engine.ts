import type { StageContext } from '../stage.js';
import { ModelWorker, workerEntry } from '../../inference/model-worker.js';
import type { SpeechMethods } from './recogniser/speech-methods.js';

/** The recogniser that ships. Its hash enters the keys of the tasks that use it. */
export const speechModel = 'whisper-base';
export const speechModelTool = 'model:whisper-base';
export const vadModelTool = 'model:silero-vad';

/**
 * Asks the run's one speech worker, which stays loaded until the run ends, and adds the CPU it used to the task.
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
  const worker = await ctx.shared('transcribe/speech-worker', async () => new ModelWorker<SpeechMethods>({ name: 'speech recogniser', entry: workerEntry('./speech-worker', import.meta.url), cwd: modelsDir }));
  const { value, cpuSeconds } = await worker.request(method, { ...params, modelsDir } as SpeechMethods[K]['params'], { signal: ctx.signal, onProgress });
  ctx.addCpuSeconds(cpuSeconds);
  return value;
}
