import { z } from 'zod';
import { reportError, SnvgError, errorCodes, type ErrorCode } from '../../../errors.js';
import type { Task } from '../../task.js';
import { stageIds } from '../../stage.js';
import type { WorkOrder } from '../../work-order.js';
import type { QueueExchange } from './exchange.js';
import { parseJson } from './lanes.js';
import { bytesOf, partsOf, type PiecedFile } from './pieces.js';

/** Characters of an order that travel in Redis itself; longer ones, of whole films, lie in the exchange. */
const longestInline = 32_768;

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const order = z.object({
  task: z.object({ key: hash, op: z.string(), stage: z.enum(stageIds), params: z.unknown(), inputs: z.record(z.string(), z.unknown()), label: z.string(), priority: z.number(), slots: z.number() }),
  files: z.array(z.object({ sha256: hash, sizeBytes: z.number(), pieces: z.array(z.object({ startByte: z.number(), endByte: z.number(), hash })) })),
  cpuSeconds: z.number(),
  memoryBytes: z.number(),
  tools: z.array(z.string()),
});

/** What BullMQ keeps of a task. */
export type JobData = { label: string } & ({ order: string } | { orderHash: string });

export async function packOrder(exchange: QueueExchange, { task, cpuSeconds, memoryBytes, tools }: WorkOrder, files: readonly PiecedFile[]): Promise<JobData> {
  const text = JSON.stringify({ task, files, cpuSeconds, memoryBytes, tools });
  if (text.length <= longestInline) return { label: task.label, order: text };
  return { label: task.label, orderHash: (await exchange.artifacts.keep({ bytes: new TextEncoder().encode(text) })).hash };
}

/** @throws when it cannot be read: it was written by another version, or is not in the exchange any more */
export async function unpackOrder(exchange: QueueExchange, data: JobData): Promise<{ order: WorkOrder; files: readonly PiecedFile[] }> {
  const text = 'order' in data ? data.order : (await bytesOf(exchange, data.orderHash)).toString('utf8');
  const { files, task, ...rest } = order.parse(parseJson(text));
  // Inputs are references as the coordinator's plan made them; the runner looks at them by the operation's own types.
  return { order: { ...rest, task: task as Task, parts: partsOf(files) }, files };
}

const failure = z.object({
  /** `unwanted`: nobody waited any more; `inputs`: what was left in the exchange for it is damaged or gone; else as `FailureClass`, or quarantined. */
  class: z.enum(['task', 'stalled', 'host', 'network', 'capacity', 'unwanted', 'inputs', 'quarantined']),
  code: z.string(),
  message: z.string(),
  remedy: z.string(),
});
/** How a job failed for good, as the text that BullMQ keeps. */
export type Failure = z.infer<typeof failure>;

export function failureText(of: Failure['class'], error: unknown): string {
  const { code, message, remedy } = reportError(error);
  return JSON.stringify({ class: of, code, message: message.slice(0, 2_000), remedy } satisfies Failure);
}

export function readFailure(text: string): Failure {
  const parsed = failure.safeParse(parseJson(text));
  return parsed.success ? parsed.data : { class: 'host', code: 'BUG', message: text, remedy: 'Look at the log of the workers.' };
}

/** The error as it was thrown where the task ran. */
export function errorOf({ code, message, remedy }: Failure): Error {
  return isErrorCode(code) ? new SnvgError(code, message, remedy) : new Error(message);
}

function isErrorCode(code: string): code is ErrorCode {
  return (errorCodes as readonly string[]).includes(code);
}

/** What those hear who ask for a task that ended with whatever ran it, again and again. */
export function quarantineError(op: string, key: string, why: string): SnvgError {
  return new SnvgError('TASK_QUARANTINED', `The task ${op} ${key.slice(0, 12)} is given to no worker any more (${why})`, `Look at the workers' logs, then try it once more with: snvg queue retry ${key.slice(0, 12)}`);
}
