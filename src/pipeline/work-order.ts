import { bytesIn, joined, type ByteRange, type FilePart } from '../artifacts/byte-range.js';
import type { ArtifactRef } from '../artifacts/kinds.js';
import type { FileRef, FilmPart, InputPart, Planner, TaskInputs } from './stage.js';
import { loadOperation } from './stages.js';
import type { Task } from './task.js';

/** One task as another machine gets it. */
export interface WorkOrder {
  /** Of files outside the store the path is empty: it means nothing elsewhere. */
  task: Task;
  /** Every input, or what of it is needed, each file once. */
  parts: readonly FilePart[];
  /** As `Moves` states it. */
  cpuSeconds: number;
  memoryBytes: number;
  /** Parts of the toolchain whose identity enters the task's key. */
  tools: readonly string[];
}

/** Finds what a demuxer must have of a film to decode windows of it exactly as from the whole. */
export interface FilmReader {
  /** @returns all of the file where less would not do or would hardly be less; undefined where even a whole copy is not read as the file is */
  bytesOf(file: FileRef, part: FilmPart, signal: AbortSignal): Promise<ByteRange[] | undefined>;
}

/** The order of a task; undefined: it stays on this machine. */
export async function workOrderOf(task: Task, context: { films: FilmReader; read: Planner['read']; signal: AbortSignal }): Promise<WorkOrder | undefined> {
  const operation = await loadOperation(task.op);
  const moves = operation.moves;
  if (!moves) return undefined;
  // Parameters and inputs were made for exactly this operation by its own stage's plan.
  const reads = await moves.reads(task.params as never, task.inputs as never, context.read);
  const parts = new Map<string, FilePart>();
  for (const [name, input] of filesOf(task.inputs)) {
    const file = contentOf(input);
    const ranges = await bytesRead(input, reads[name], context);
    if (!ranges) return undefined;
    const known = parts.get(file.sha256)?.ranges ?? [];
    parts.set(file.sha256, { ...file, ranges: joined([...known, ...ranges]) });
  }
  return { task: { ...task, inputs: withoutPaths(task.inputs) }, parts: [...parts.values()], cpuSeconds: moves.cpuSeconds(task.params as never), memoryBytes: moves.memoryBytes, tools: operation.tools };
}

/** Bytes of all parts of an order, were none of them there yet. */
export function orderBytes({ parts }: WorkOrder): number {
  return parts.reduce((sum, { ranges }) => sum + bytesIn(ranges), 0);
}

type Input = FileRef | ArtifactRef;

function filesOf(inputs: TaskInputs): [name: string, Input][] {
  return Object.entries(inputs).flatMap(([name, input]) => (input === undefined ? [] : isList(input) ? input.map((ref): [string, Input] => [name, ref]) : [[name, input] as [string, Input]]));
}

async function bytesRead(input: Input, part: InputPart | undefined, context: { films: FilmReader; signal: AbortSignal }): Promise<readonly ByteRange[] | undefined> {
  if (part === undefined) return [{ startByte: 0, endByte: input.sizeBytes }];
  if ('bytes' in part) return part.bytes.map(({ startByte, endByte }) => ({ startByte: Math.max(0, startByte), endByte: Math.min(input.sizeBytes, endByte) }));
  if (!('path' in input)) throw new TypeError('a film is a file with a path');
  return context.films.bytesOf(input, part.film, context.signal);
}

function contentOf(input: Input): { sha256: string; sizeBytes: number } {
  return { sha256: 'sha256' in input ? input.sha256 : input.hash, sizeBytes: input.sizeBytes };
}

function withoutPaths(inputs: TaskInputs): TaskInputs {
  return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input !== undefined && !isList(input) && 'path' in input ? { ...input, path: '' } : input]));
}

function isList(input: Input | readonly ArtifactRef[]): input is readonly ArtifactRef[] {
  return Array.isArray(input);
}
