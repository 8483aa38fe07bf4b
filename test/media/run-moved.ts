import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FilePart } from '../../src/artifacts/byte-range.js';
import { FileArtifactStore } from '../../src/artifacts/file-store.js';
import { PartialFiles } from '../../src/artifacts/partial-files.js';
import { TaskResults } from '../../src/artifacts/task-results.js';
import { createLogger } from '../../src/logger.js';
import type { Resources } from '../../src/pipeline/resources.js';
import { runTask } from '../../src/pipeline/run-task.js';
import type { FileRef, TaskInputs } from '../../src/pipeline/stage.js';
import type { Task } from '../../src/pipeline/task.js';
import type { TaskResult } from '../../src/artifacts/task-results.js';
import type { WorkOrder } from '../../src/pipeline/work-order.js';
import { testToolchain } from '../support/real-planner.js';

/** A store whose inputs are partial files, as another machine has them. */
class StoreOfParts extends FileArtifactStore {
  readonly #parts: PartialFiles;
  readonly #known: ReadonlySet<string>;

  constructor(root: string, parts: PartialFiles, known: ReadonlySet<string>) {
    super(root);
    this.#parts = parts;
    this.#known = known;
  }

  override materialize(hash: string): Promise<string> {
    return this.#known.has(hash) ? Promise.resolve(this.#parts.pathOf(hash)) : super.materialize(hash);
  }
}

/**
 * Runs the task of an order in a folder where nothing is but the bytes it names, each file under the name of its content.
 *
 * @param pathOf where each file is whole
 */
export async function runMoved(order: WorkOrder, { root, resources, pathOf }: { root: string; resources: Resources; pathOf: (part: FilePart) => Promise<string> }): Promise<TaskResult> {
  const parts = new PartialFiles(join(root, 'parts'), { maxBytes: 1e9 });
  for (const part of order.parts) {
    const whole = readFileSync(await pathOf(part));
    for (const { startByte, endByte } of await parts.missing(part)) await parts.write(part, startByte, whole.subarray(startByte, endByte));
  }
  const store = new StoreOfParts(join(root, 'store'), parts, new Set(order.parts.map(({ sha256 }) => sha256)));
  const task: Task = { ...order.task, inputs: placed(order.task.inputs, parts) };
  const host = { store, results: new TaskResults(join(root, 'results')), toolchain: testToolchain, resources, scratchRoot: join(root, 'scratch'), log: createLogger('silent') };
  return runTask(task, host, new AbortController().signal, { progress: () => {}, notice: () => {} });
}

/** A work order says of a file outside the store only what it is, not where. */
function placed(inputs: TaskInputs, parts: PartialFiles): TaskInputs {
  return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, isFile(input) ? { ...input, path: parts.pathOf(input.sha256) } : input]));
}

function isFile(input: TaskInputs[string]): input is FileRef {
  return input !== undefined && 'sha256' in input;
}
