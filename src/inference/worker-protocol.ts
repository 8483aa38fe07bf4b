import type { ErrorCode } from '../errors.js';

/**
 * What a model worker offers: method name → what goes in and what comes out, both plain JSON.
 * Parent and child are the same build of snvg, so the types are the contract.
 */
export type WorkerMethods = Record<string, { params: unknown; result: unknown }>;

/** Parent → child, one JSON line each. */
export type WorkerRequest = { id: number; method: string; params: unknown } | { cancel: number };

export interface WorkerFault {
  /** Absent for anything but a `SnvgError`. */
  code?: ErrorCode;
  message: string;
  remedy?: string;
}

/** Child → parent, one JSON line each. `cpuSeconds` is the child's total since it started. */
export type WorkerReply =
  | { id: number; result: unknown; cpuSeconds: number }
  | { id: number; error: WorkerFault; cpuSeconds: number }
  | { id: number; progress: number };

/** Which build of onnxruntime a worker uses. `auto`: the native one where it can be loaded, else WebAssembly. */
export type RuntimeChoice = 'auto' | 'native' | 'wasm';

/** The option that carries the choice in a worker's arguments. */
export const runtimeFlag = '--runtime=';
