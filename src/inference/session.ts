import { readFile } from 'node:fs/promises';
import type { InferenceSession, Tensor } from 'onnxruntime-web';
import { SnvgError } from '../errors.js';
import { loadRuntime } from './runtime.js';

export type { Tensor };
export type TensorMap = Record<string, Tensor>;

/** One loaded model. `run` blocks the worker's thread with the native build: that is why it is a process of its own. */
export interface Session {
  run(feeds: TensorMap): Promise<TensorMap>;
}

/**
 * Loads an ONNX graph. `threads` is pinned because onnxruntime otherwise takes every core of the machine
 * and because a sum in another order is another result.
 *
 * @param path a file checked by `verifyModel`
 * @throws {SnvgError} MODEL_CORRUPT when onnxruntime refuses the file
 */
export async function openSession(path: string, options: { threads: number }): Promise<Session> {
  const { kind, ort } = await loadRuntime();
  const settings: InferenceSession.SessionOptions = {
    executionProviders: [kind === 'native' ? 'cpu' : 'wasm'],
    intraOpNumThreads: kind === 'native' ? options.threads : 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // Planned memory patterns keep a block for every input shape seen, and a decoder's shape grows with each token:
    // without them Whisper base needs 500 MB in place of 690, at no cost in time.
    enableMemPattern: false,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  };
  try {
    // The native build maps the file itself; WebAssembly has no file system.
    const session = kind === 'native' ? await ort.InferenceSession.create(path, settings) : await ort.InferenceSession.create(await readFile(path), settings);
    return { run: async (feeds) => (await session.run(feeds)) as TensorMap };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SnvgError('MODEL_CORRUPT', `onnxruntime cannot load ${path}: ${reason}`, 'Reinstall snvg to get the model files again.', { cause });
  }
}

/** Makes tensors of the loaded runtime. */
export interface TensorFactory {
  float32(data: Float32Array, dims: readonly number[]): Tensor;
  int64(data: BigInt64Array, dims: readonly number[]): Tensor;
}

export async function tensorFactory(): Promise<TensorFactory> {
  const { ort } = await loadRuntime();
  return {
    float32: (data, dims) => new ort.Tensor('float32', data, dims),
    int64: (data, dims) => new ort.Tensor('int64', data, dims),
  };
}

/** The values of a float32 tensor, without a copy. */
export function floats(tensor: Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new TypeError('expected a float32 tensor');
  return tensor.data;
}
