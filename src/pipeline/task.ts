import { createHash } from 'node:crypto';
import { canonicalJson } from '../artifacts/canonical-json.js';
import type { ArtifactRef } from '../artifacts/kinds.js';
import type { FileRef, Operation, OutputKinds, StageId, TaskInputs, Toolchain } from './stage.js';

/** One run of one operation, as plain data: a backend may send it anywhere. */
export interface Task {
  /** Content-addressed: equal keys mean equal results. */
  key: string;
  op: string;
  stage: StageId;
  params: unknown;
  inputs: TaskInputs;
  label: string;
  /** Larger runs first. */
  priority: number;
  slots: number;
}

/**
 * The key of a task, known before it runs: sha256 of operation, version, parameters, input hashes and
 * the identity of every tool that changes the output. Paths, labels and priorities never enter it.
 * `params` must already be parsed by the operation's schema, so that defaults count as given.
 */
export function taskKey<P, I extends TaskInputs, O extends OutputKinds>(operation: Operation<P, I, O>, params: P, inputs: I, toolchain: Toolchain): string {
  const tools = Object.fromEntries(operation.tools.map((tool) => [tool, toolchain.identities[tool] ?? missingIdentity(tool)]));
  const hashes = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input === undefined ? undefined : hashesOf(input)]));
  return createHash('sha256').update(canonicalJson({ op: operation.id, version: operation.version, params, inputs: hashes, tools })).digest('hex');
}

function hashesOf(input: FileRef | ArtifactRef | readonly ArtifactRef[]): string | string[] {
  if (isList(input)) return input.map((ref) => ref.hash);
  return 'sha256' in input ? input.sha256 : input.hash;
}

function isList(input: FileRef | ArtifactRef | readonly ArtifactRef[]): input is readonly ArtifactRef[] {
  return Array.isArray(input);
}

function missingIdentity(tool: string): never {
  throw new Error(`the toolchain states no identity for ${tool}`);
}
