import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { canonicalJson } from '../../../artifacts/canonical-json.js';
import type { WorkOrder } from '../../work-order.js';
import { keyPrefix } from './connection.js';

const lane = z.object({
  /** Of snvg: another one may compute something else under the same parameters. */
  version: z.string(),
  /** What enters the keys of the tasks in it: tool → identity. */
  tools: z.record(z.string(), z.string()),
  /** Tags a worker must have. */
  needs: z.array(z.string()),
  /** Half cores and memory of one task. */
  slots: z.number(),
  memoryBytes: z.number(),
});

/**
 * What a worker must be to do a task exactly. Tasks with the same demands wait in one BullMQ queue, named after them, so that a worker takes
 * from the queues of which it meets all demands and never meets a task it would have to hand back.
 */
export type Lane = z.infer<typeof lane>;

/** What a worker offers. */
export interface Offer {
  version: string;
  identities: Readonly<Record<string, string>>;
  tags: readonly string[];
  slots: number;
  memoryBytes: number;
}

export function laneOf(order: WorkOrder, context: { version: string; identities: Readonly<Record<string, string>>; needs: readonly string[] }): Lane {
  const tools = Object.fromEntries(order.tools.toSorted().map((tool) => [tool, context.identities[tool] ?? '']));
  return { version: context.version, tools, needs: context.needs.toSorted(), slots: order.task.slots, memoryBytes: order.memoryBytes };
}

/** The name of its queue. */
export function laneName(of: Lane): string {
  return `lane-${createHash('sha256').update(canonicalJson(of)).digest('hex').slice(0, 20)}`;
}

/** Undefined: a worker with this offer can do the tasks of the lane exactly. Otherwise what it lacks, for people. */
export function lackedBy(offer: Offer, wanted: Lane): string | undefined {
  if (offer.version !== wanted.version) return `it has snvg ${offer.version}, not ${wanted.version}`;
  for (const [tool, identity] of Object.entries(wanted.tools)) {
    if (offer.identities[tool] === undefined) return `it lacks ${tool}`;
    if (offer.identities[tool] !== identity) return `it has another build of ${tool}`;
  }
  const missing = wanted.needs.filter((tag) => !offer.tags.includes(tag));
  if (missing.length > 0) return `it does not have the tag ${missing.join(', ')}`;
  if (offer.memoryBytes < wanted.memoryBytes) return `it has less than ${Math.ceil(wanted.memoryBytes / 2 ** 20)} MB of memory`;
  return undefined;
}

const registry = `${keyPrefix}:lanes`;

/** Makes a lane known to workers. */
export async function announceLane(redis: Redis, wanted: Lane): Promise<void> {
  await redis.hset(registry, laneName(wanted), JSON.stringify(wanted));
}

/** All lanes that ever had a task, by the names of their queues. What cannot be read is of another version of snvg, and left out. */
export async function knownLanes(redis: Redis): Promise<Map<string, Lane>> {
  const found = new Map<string, Lane>();
  for (const [name, text] of Object.entries(await redis.hgetall(registry))) {
    const parsed = lane.safeParse(parseJson(text));
    if (parsed.success) found.set(name, parsed.data);
  }
  return found;
}

/** Undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
