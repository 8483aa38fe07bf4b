import { z } from 'zod';

/** Integer microseconds on the source's presentation timeline (0 = container start), unless said otherwise. */
export const us = z.int().nonnegative();

export const range = z.object({ startUs: us, endUs: us });
export type Range = z.infer<typeof range>;

/** A rectangle in display pixels (after rotation and sample aspect ratio), origin top left. */
export const box = z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() });
export type Box = z.infer<typeof box>;

/** An exact frame rate, frames per second = num / den. */
export const rational = z.object({ num: z.int().positive(), den: z.int().positive() });
export type Rational = z.infer<typeof rational>;

/** Points at one immutable artifact. */
export const anyRef = z.object({ kind: z.string(), hash: z.string().regex(/^[0-9a-f]{64}$/), sizeBytes: z.int().nonnegative() });

export const notice = z.object({
  code: z.string(),
  stage: z.enum(['ingest', 'transcribe', 'analyze', 'segment', 'render', 'publish']),
  message: z.string(),
  remedy: z.string(),
  severity: z.enum(['info', 'degraded']),
});
