import type { ZodType } from 'zod';
import type { Operation, OutputKinds, StageId } from './stage.js';

/** An operation whose types are known to the stage alone; `run-task` checks parameters by its schema. */
type AnyOperation = Omit<Operation<never, never, OutputKinds>, 'params'> & { readonly params: ZodType };

/**
 * The one registry of stages. A stage is loaded when its first task is planned or run, so that `snvg --help`
 * and a worker that only renders never load the others.
 */
export const stages = {
  ingest: () => import('./ingest/index.js'),
  transcribe: () => import('./transcribe/index.js'),
  analyze: () => import('./analyze/index.js'),
  segment: () => import('./segment/index.js'),
  render: () => import('./render/index.js'),
} as const;

/** Finds an operation by its id, `<stage>.<verb>`. Throws when no stage has it: the caller is of another version. */
export async function loadOperation(id: string): Promise<AnyOperation> {
  const stageId = id.slice(0, id.indexOf('.'));
  if (!isLoadable(stageId)) throw new Error(`no stage has the operation ${id}`);
  const { operations }: { operations: readonly AnyOperation[] } = await stages[stageId]();
  const found = operations.find((operation) => operation.id === id);
  if (!found) throw new Error(`stage ${stageId} has no operation ${id}`);
  return found;
}

function isLoadable(id: string): id is Exclude<StageId, 'publish'> {
  return id in stages;
}
