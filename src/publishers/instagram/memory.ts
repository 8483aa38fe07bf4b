import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Handle } from '../publisher.js';

/** What is remembered of one publication between steps. */
const memorySchema = z.object({
  /** How many containers were given up because Instagram failed on them. */
  spoiled: z.int().min(0).default(0),
  /** The account's newest post before the container was made: ours comes after it, whatever clocks say. Null: there was none. */
  newestBefore: z.string().nullable().default(null),
  containerId: z.string().optional(),
  /** Where the bytes go. */
  uri: z.string().optional(),
  createdMs: z.number().optional(),
  /** What the container was made for. */
  clipSha256: z.string().optional(),
  captionSha256: z.string().optional(),
  uploaded: z.boolean().default(false),
  /** How often the container was asked for since the upload. */
  polls: z.int().min(0).default(0),
  /** How often publishing the finished container was refused for a while. */
  publishTries: z.int().min(0).default(0),
  /** Publishing was asked for at least once, whatever came of it. */
  committed: z.boolean().default(false),
  /** It is public: nothing may be sent any more. */
  isPublic: z.boolean().default(false),
  mediaId: z.string().optional(),
  linkTries: z.int().min(0).default(0),
});

export type Memory = z.infer<typeof memorySchema>;

/** A handle that is not ours counts as none. */
export function readMemory(handle: Handle | null): Memory {
  const read = memorySchema.safeParse(handle ?? {});
  return read.success ? read.data : memorySchema.parse({});
}

export function writeMemory(memory: Memory): Handle {
  return Object.fromEntries(Object.entries(memory).filter(([, value]) => value !== undefined)) as Handle;
}

/** The memory of a publication that begins again with another container. */
export function withoutContainer(memory: Memory, spoiled: number): Memory {
  return { ...readMemory(null), spoiled, newestBefore: memory.newestBefore };
}

/** Tells captions apart as they come back: Instagram trims them and may change line ends. */
export function captionHash(caption: string): string {
  return createHash('sha256').update(caption.normalize('NFC').replace(/\s+/gu, ' ').trim()).digest('hex');
}
