import { z } from 'zod';
import { LostReply } from '../faults.js';
import type { XAnswer } from './api.js';

/** What is read of the answer to a begun upload. */
export const initialized = z.object({ data: z.object({ id: z.string().regex(/^[0-9]{1,19}$/), media_key: z.string().optional(), expires_after_secs: z.number().optional() }) });

/** @throws {LostReply} the answer is not what X's specification says: what it answers to may have happened */
export function readAs<T>(schema: z.ZodType<T>, answer: XAnswer, what: string): T {
  const read = schema.safeParse(answer.body);
  if (!read.success) throw new LostReply(`X's answer about ${what} lacks what it should have`);
  return read.data;
}
