import { z } from 'zod';
import { notice } from '../../../artifacts/schemas/common.js';
import { kindNames, taskResult } from '../../../artifacts/task-results.js';
import { stageIds } from '../../stage.js';

/** Raised whenever a message changes: ends of different numbers do not talk to each other. */
export const wireProtocol = 1;

/** Bytes of a file in one frame, at most. */
export const pieceBytes = 256 * 1024;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const bytes = z.int().nonnegative();
const byteRange = z.object({ startByte: bytes, endByte: bytes }).refine(({ startByte, endByte }) => startByte < endByte, 'an empty range');
const artifactRef = z.object({ kind: z.enum(kindNames), hash: sha256, sizeBytes: bytes });
const fileRef = z.object({ path: z.string(), sha256, sizeBytes: bytes });
const advice = z.object({ code: z.string(), message: z.string(), remedy: z.string() });
/** What an agent can give now. */
const load = z.object({ freeSlots: z.number(), freeDiskBytes: z.number() });

/** `WorkOrder` as it is sent. */
const workOrder = z.object({
  task: z.object({
    key: sha256,
    op: z.string(),
    stage: z.enum(stageIds),
    params: z.unknown(),
    inputs: z.record(z.string(), z.union([fileRef, artifactRef, z.array(artifactRef)])),
    label: z.string(),
    priority: z.number(),
    slots: z.number().positive(),
  }),
  parts: z.array(z.object({ sha256, sizeBytes: bytes, ranges: z.array(byteRange) })),
  cpuSeconds: z.number(),
  memoryBytes: z.number(),
  tools: z.array(z.string()),
});

/**
 * Whose fault a failed task is, as an agent sees it. `task`: the task itself threw; `incompatible`: another key, so another version or
 * tool; `cancelled`: by who asked.
 */
const failureClass = z.enum(['task', 'host', 'network', 'capacity', 'incompatible', 'cancelled']);
export type FailureClass = z.infer<typeof failureClass>;

/** Greeter → agent. `id` is a number the greeter gives to an order, `transfer` one it gives to the fetching of an artifact. */
export const toAgent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), protocol: z.int(), version: z.string(), pingEveryMs: z.number().positive(), silenceMs: z.number().positive() }),
  z.object({ type: z.literal('ping') }),
  z.object({ type: z.literal('order'), id: z.int(), order: workOrder }),
  /** Bytes of a part; the body is what `digest` (sha256) was made of. */
  z.object({ type: z.literal('bytes'), sha256, sizeBytes: bytes, startByte: bytes, digest: sha256 }),
  /** All that `misses` asked for has been sent. */
  z.object({ type: z.literal('sent'), id: z.int() }),
  z.object({ type: z.literal('cancel'), id: z.int() }),
  z.object({ type: z.literal('fetch'), transfer: z.int(), hash: sha256, startByte: bytes }),
  z.object({ type: z.literal('stop-fetch'), transfer: z.int() }),
  /** What the task made is safe elsewhere. */
  z.object({ type: z.literal('keep'), key: sha256 }),
  /** What the task made here is not what it says: it must not be an answer again. */
  z.object({ type: z.literal('forget'), key: sha256 }),
  z.object({ type: z.literal('bye') }),
]);
export type ToAgent = z.infer<typeof toAgent>;

/** Agent → greeter. */
export const fromAgent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('welcome'),
    protocol: z.int(),
    version: z.string(),
    hostname: z.string(),
    platform: z.string(),
    arch: z.string(),
    node: z.string(),
    cpuModel: z.string(),
    cores: z.int().positive(),
    slots: z.int().positive(),
    memoryBytes: z.number(),
    freeDiskBytes: z.number(),
    identities: z.record(z.string(), z.string()),
    missing: z.array(advice),
    tags: z.array(z.string()),
  }),
  z.object({ type: z.literal('refusal'), protocol: z.int(), version: z.string(), message: z.string() }),
  /** Comes every `pingEveryMs`: the agent lives. */
  load.extend({ type: z.literal('load') }),
  z.object({ type: z.literal('misses'), id: z.int(), parts: z.array(z.object({ sha256, sizeBytes: bytes, ranges: z.array(byteRange) })) }),
  z.object({ type: z.literal('started'), id: z.int() }),
  z.object({ type: z.literal('progress'), id: z.int(), fraction: z.number() }),
  z.object({ type: z.literal('notice'), id: z.int(), notice }),
  z.object({ type: z.literal('finished'), id: z.int(), result: taskResult, artifacts: z.array(artifactRef) }),
  z.object({ type: z.literal('failed'), id: z.int(), class: failureClass, report: advice }),
  /** Bytes of an artifact, in order: its name is the sha256 of all of them. */
  z.object({ type: z.literal('artifact'), transfer: z.int(), startByte: bytes }),
  /** The last byte has been sent, or, with `problem`, no more will be. */
  z.object({ type: z.literal('artifact-end'), transfer: z.int(), problem: z.string().optional() }),
  /** The agent's last frame: a program can end with any exit code, so the reason is said here. */
  z.object({ type: z.literal('ending'), reason: z.enum(['asked', 'silence', 'stopped', 'fault']), message: z.string() }),
]);
export type FromAgent = z.infer<typeof fromAgent>;
export type AgentMessage<T extends FromAgent['type']> = Extract<FromAgent, { type: T }>;
