import { z } from 'zod';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

const file = z.strictObject({
  part: z.enum(['video', 'captions-srt', 'captions-vtt', 'cover']),
  contentType: z.string(),
  sha256: hash,
  sizeBytes: z.int().min(0),
});

/** The event as docs/platforms/webhook.md describes it, and nothing besides. */
export const clipEvent = z.strictObject({
  type: z.literal('clip.published'),
  timestamp: z.iso.datetime(),
  data: z.strictObject({
    publication: hash,
    revision: z.int().min(1),
    title: z.string(),
    description: z.string(),
    hashtags: z.array(z.string()),
    language: z.string().nullable(),
    format: z.string(),
    width: z.int().positive(),
    height: z.int().positive(),
    fps: z.number().positive(),
    durationUs: z.int().min(0),
    source: z.strictObject({ sha256: z.string(), ranges: z.array(z.strictObject({ startUs: z.int(), endUs: z.int() })) }),
    files: z.array(file).min(1),
  }),
});
