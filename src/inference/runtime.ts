import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as Ort from 'onnxruntime-web';
import { SnvgError } from '../errors.js';
import { runtimeFlag, type RuntimeChoice } from './worker-protocol.js';

type OrtModule = Pick<typeof Ort, 'InferenceSession' | 'Tensor' | 'env'>;

export interface InferenceRuntime {
  kind: 'native' | 'wasm';
  /** npm package and version: `onnxruntime-node 1.30.0`. */
  name: string;
  ort: OrtModule;
  /** Why the native build is not used, when it was wanted. */
  nativeFailure: string | undefined;
}

let loaded: Promise<InferenceRuntime> | undefined;

/**
 * Loads onnxruntime, once per process: the native build, or the WebAssembly one (same results within rounding,
 * about five times the CPU) where the native one is not installed or does not load.
 * Only worker processes call this: a crash inside a model must not take snvg with it.
 *
 * @throws {SnvgError} INFERENCE_MISSING when no build loads
 */
export function loadRuntime(): Promise<InferenceRuntime> {
  loaded ??= load(chosenRuntime());
  return loaded;
}

function chosenRuntime(): RuntimeChoice {
  const argument = process.argv.find((value) => value.startsWith(runtimeFlag));
  return (argument?.slice(runtimeFlag.length) ?? 'auto') as RuntimeChoice;
}

async function load(choice: RuntimeChoice): Promise<InferenceRuntime> {
  let nativeFailure: string | undefined;
  if (choice !== 'wasm') {
    try {
      const ort: OrtModule = await importNative();
      return { kind: 'native', name: `onnxruntime-node ${ort.env.versions.node ?? ''}`.trimEnd(), ort, nativeFailure };
    } catch (cause) {
      nativeFailure = firstLine(cause);
      if (choice === 'native') throw missing(nativeFailure, cause);
    }
  }
  try {
    const ort: OrtModule = await import('onnxruntime-web');
    // More than one WebAssembly thread would start workers of its own; parallel work is the caller's decision.
    ort.env.wasm.numThreads = 1;
    return { kind: 'wasm', name: `onnxruntime-web ${ort.env.versions.web ?? ''}`.trimEnd(), ort, nativeFailure };
  } catch (cause) {
    throw missing(nativeFailure ?? firstLine(cause), cause);
  }
}

/**
 * The native build as npm installed it, or the copy inside snvg's own package: npm leaves an optional package out
 * when its install script fails, and onnxruntime-node's fails where it cannot download (script/vendor-runtime.mjs).
 */
async function importNative(): Promise<OrtModule> {
  // The native build gathers telemetry, and leaves `.ses` and `mat-debug-<pid>.log` in TMPDIR, unless told not to.
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  const module: object = await import('onnxruntime-node').catch((cause: unknown) => {
    const shipped = fileURLToPath(new URL('../../vendor/onnxruntime-node/', import.meta.url));
    if (!existsSync(shipped)) throw cause;
    return createRequire(import.meta.url)(shipped) as object;
  });
  // A CommonJS package: which names Node finds on the namespace depends on its version; `default` always has them.
  return (module as { default?: OrtModule }).default ?? (module as OrtModule);
}

function missing(reason: string, cause: unknown): SnvgError {
  return new SnvgError('INFERENCE_MISSING', `onnxruntime cannot be loaded: ${reason}`, 'Reinstall snvg (npm ci, or npm i -g snvg) on a platform that onnxruntime-node or onnxruntime-web supports.', { cause });
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
