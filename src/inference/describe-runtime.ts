import { ModelWorker } from './model-worker.js';
import { moduleEntry } from '../process/module-entry.js';
import type { RuntimeChoice } from './worker-protocol.js';

export interface RuntimeDescription {
  kind: 'native' | 'wasm';
  /** npm package and version. */
  name: string;
  /** Why the native build is not used; absent when it is. */
  nativeFailure?: string;
}

/**
 * Which onnxruntime this installation uses, found out by loading it in a child as every model worker does.
 *
 * @throws {SnvgError} INFERENCE_MISSING
 */
export async function describeRuntime(cwd: string, runtime: RuntimeChoice = 'auto'): Promise<RuntimeDescription> {
  const worker = new ModelWorker<{ runtime: { params: null; result: RuntimeDescription } }>({ name: 'inference runtime', entry: moduleEntry('./bare-worker', import.meta.url), cwd, runtime });
  try {
    return (await worker.request('runtime', null)).value;
  } finally {
    await worker.close();
  }
}
