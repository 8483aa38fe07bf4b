import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../artifacts/atomic-file.js';
import { isJsonKind, jsonKinds, type ArtifactKind, type ArtifactRef, type ArtifactValue } from '../artifacts/kinds.js';
import type { ArtifactStore } from '../artifacts/store.js';
import type { TaskResult, TaskResults } from '../artifacts/task-results.js';
import type { Logger } from '../logger.js';
import { crashPoint } from '../process/crash-point.js';
import type { Notice } from './notice.js';
import type { Resources } from './resources.js';
import type { StageContext, Toolchain } from './stage.js';
import { loadOperation } from './stages.js';
import type { Task } from './task.js';

/** Lets one of several processes that need the same task run it. A claim of a process that has died counts for nothing. */
export interface TaskClaims {
  /** False when another living process has it. */
  take(key: string): boolean;
  heldByOthers(key: string): boolean;
  release(key: string): void;
}

/** What a machine lends to the tasks it runs. */
export interface TaskHost {
  store: ArtifactStore;
  results: Pick<TaskResults, 'get' | 'put'>;
  toolchain: Toolchain;
  resources: Resources;
  /** Absent where no other process shares the results. */
  claims?: TaskClaims;
  /** Private scratch folders are made below it. */
  scratchRoot: string;
  log: Logger;
}

interface TaskListener {
  progress(fraction: number): void;
  notice(notice: Notice): void;
}

/** Runs one task to its end on this machine; its artifacts and its result are durable when this resolves. */
export async function runTask(task: Task, host: TaskHost, signal: AbortSignal, listener: TaskListener): Promise<TaskResult> {
  const result = await computeTask(task, host, signal, listener);
  crashPoint('artifacts-stored', task.op);
  await host.results.put(result);
  crashPoint('result-stored', task.op);
  return result;
}

/** As `runTask`, but keeping the result is left to the caller: of several runs of one task only the first to end has it kept. */
export async function computeTask(task: Task, host: Omit<TaskHost, 'results'>, signal: AbortSignal, listener: TaskListener): Promise<TaskResult> {
  const operation = await loadOperation(task.op);
  await makeFolder(host.scratchRoot);
  const scratchDir = await mkdtemp(join(host.scratchRoot, 'task-'));
  const startedMs = performance.now();
  const notices: Notice[] = [];
  let cpuSeconds = 0;
  const context: StageContext<unknown> = {
    params: operation.params.parse(task.params),
    signal,
    scratchDir,
    toolchain: host.toolchain,
    log: host.log.child({ task: task.key.slice(0, 12), op: task.op }),
    notice: (partial) => {
      const notice = { ...partial, stage: task.stage };
      notices.push(notice);
      listener.notice(notice);
    },
    progress: (fraction) => listener.progress(Math.min(1, Math.max(0, fraction))),
    addCpuSeconds: (seconds) => {
      cpuSeconds += seconds;
    },
    read: (ref) => readArtifact(host.store, ref),
    path: (ref) => host.store.materialize(ref.hash),
    putJson: (kind, value) => putJson(host.store, kind, value),
    putFile: (kind, path) => host.store.put(kind, { path }),
    shared: (key, create) => host.resources.get(key, create),
  };
  try {
    // Parameters and inputs were made for exactly this operation by its own stage's plan.
    const outputs = await operation.run(task.inputs as never, context as never);
    const result: TaskResult = {
      key: task.key,
      op: task.op,
      outputs,
      notices,
      cpuSeconds: Math.round(cpuSeconds * 1000) / 1000,
      wallMs: Math.round(performance.now() - startedMs),
    };
    signal.throwIfAborted();
    return result;
  } finally {
    await rm(scratchDir, { recursive: true, force: true });
  }
}

/** Reads a JSON artifact and checks it against its schema. */
export async function readArtifact<K extends ArtifactKind>(store: ArtifactStore, ref: ArtifactRef<K>): Promise<ArtifactValue<K>> {
  if (!isJsonKind(ref.kind)) throw new TypeError(`${ref.kind} is a file, not JSON`);
  const text = await readFile(await store.materialize(ref.hash), 'utf8');
  return jsonKinds[ref.kind].parse(JSON.parse(text)) as ArtifactValue<K>;
}

async function putJson<K extends ArtifactKind>(store: ArtifactStore, kind: K, value: ArtifactValue<K>): Promise<ArtifactRef<K>> {
  if (!isJsonKind(kind)) throw new TypeError(`${kind} is a file, not JSON`);
  // Parsing on the way in keeps a stage from storing what no reader would accept.
  const checked = jsonKinds[kind].parse(value);
  return store.put(kind, { bytes: new TextEncoder().encode(JSON.stringify(checked)) });
}
