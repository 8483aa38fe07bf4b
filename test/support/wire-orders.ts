import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FileMemo } from '../../src/app/file-memo.js';
import { surveyToolchain } from '../../src/app/toolchain.js';
import { FileArtifactStore } from '../../src/artifacts/file-store.js';
import { hashFile } from '../../src/artifacts/fingerprint.js';
import type { ArtifactRef } from '../../src/artifacts/kinds.js';
import { createLogger } from '../../src/logger.js';
import { IncomingArtifacts } from '../../src/pipeline/backends/wire/incoming.js';
import { LocalSupply } from '../../src/pipeline/backends/wire/local-supply.js';
import { openLink, type LinkOptions } from '../../src/pipeline/backends/wire/open-link.js';
import type { LinkStreams, WorkerLink } from '../../src/pipeline/backends/wire/worker-link.js';
import type { FileRef, TaskInputs, Toolchain } from '../../src/pipeline/stage.js';
import { loadOperation } from '../../src/pipeline/stages.js';
import { type Task, taskKey } from '../../src/pipeline/task.js';
import type { WorkOrder } from '../../src/pipeline/work-order.js';

/** This machine as the one that gives work away. */
export interface Greeter {
  dir: string;
  store: FileArtifactStore;
  supply: LocalSupply;
  incoming: IncomingArtifacts;
  toolchain: Toolchain;
  /** What was inspected, for agents that need not do so again. */
  memoFile: string;
  link(streams: LinkStreams, options?: Partial<LinkOptions>): Promise<WorkerLink>;
}

/** The version of snvg that agents of this checkout have. */
export const ownVersion = (JSON.parse(readFileSync(resolve('package.json'), 'utf8')) as { version: string }).version;

/** Quick to notice, slow enough for a machine under load. */
export const testTiming = { greetingMs: 60_000, pingEveryMs: 200, silenceMs: 20_000 };

/** What was inspected by earlier greeters of this process. */
const inspected = new Map<string, string>();

export async function greeterIn(dir: string, settings: { ffmpeg?: string } = {}): Promise<Greeter> {
  const store = new FileArtifactStore(join(dir, 'store'));
  const supply = new LocalSupply(store);
  const incoming = new IncomingArtifacts(join(dir, 'incoming'), store);
  const memoFile = join(dir, 'inspected.json');
  const memo = new FileMemo(memoFile);
  for (const [key, value] of inspected) memo.set(key, value);
  const { toolchain } = await surveyToolchain({ ffmpeg: settings.ffmpeg ?? null, ffprobe: null, models: null }, memo);
  await memo.save();
  for (const [key, value] of Object.entries(JSON.parse(readFileSync(memoFile, 'utf8')) as Record<string, string>)) inspected.set(key, value);
  return { dir, store, supply, incoming, toolchain, memoFile, link: (streams, options) => openLink(streams, { name: 'there', version: ownVersion, store, incoming, supply, log: createLogger('silent'), timing: testTiming, ...options }) };
}

export async function fileRef(path: string): Promise<FileRef> {
  const absolute = resolve(path);
  return { path: absolute, sizeBytes: (await stat(absolute)).size, sha256: (await hashFile(absolute)).sha256 };
}

/** A task as its stage's plan would make it. */
export async function taskOf(toolchain: Toolchain, op: string, params: unknown, inputs: TaskInputs, changes: Partial<Task> = {}): Promise<Task> {
  const operation = await loadOperation(op);
  const parsed = operation.params.parse(params);
  return { key: taskKey(operation as never, parsed, inputs, toolchain), op, stage: operation.stage, params: parsed, inputs, label: op, priority: 0, slots: operation.slots, ...changes };
}

/** An order for all bytes of all inputs. */
export function wholeOrder(task: Task): WorkOrder {
  const inputs = Object.values(task.inputs).flatMap((input) => (input === undefined ? [] : Array.isArray(input) ? (input as ArtifactRef[]) : [input as FileRef | ArtifactRef]));
  const parts = new Map(inputs.map((input) => ['sha256' in input ? input.sha256 : input.hash, input.sizeBytes]));
  return {
    task: { ...task, inputs: Object.fromEntries(Object.entries(task.inputs).map(([name, input]) => [name, input !== undefined && 'path' in input ? { ...input, path: '' } : input])) },
    parts: [...parts].map(([sha256, sizeBytes]) => ({ sha256, sizeBytes, ranges: [{ startByte: 0, endByte: sizeBytes }] })),
    cpuSeconds: 1,
    memoryBytes: 1e8,
    tools: [],
  };
}
