import { readFile } from 'node:fs/promises';
import { z } from 'zod';

/** What the converter writes beside the graphs: sizes and the ids of special tokens. */
const configSchema = z.object({
  layers: z.int().positive(),
  heads: z.int().positive(),
  headDim: z.int().positive(),
  vocab: z.int().positive(),
  /** Positions the decoder has. */
  context: z.int().positive(),
  sot: z.int(),
  eot: z.int(),
  translate: z.int(),
  transcribe: z.int(),
  sot_lm: z.int(),
  sot_prev: z.int(),
  no_speech: z.int(),
  no_timestamps: z.int(),
  /** Language code → token. */
  languages: z.record(z.string(), z.int()),
  /** Tokens that are never speech (brackets, notes, speaker dashes). */
  suppress: z.array(z.int()),
  /** Tokens that may not come first (a lone space, the end). */
  suppressFirst: z.array(z.int()),
});
export type WhisperConfig = z.infer<typeof configSchema>;

export async function readWhisperConfig(path: string): Promise<WhisperConfig> {
  return configSchema.parse(JSON.parse(await readFile(path, 'utf8')));
}

/** The bytes of each text token, by id; a character may be spread over several tokens. */
export async function readTokenBytes(path: string): Promise<Uint8Array[]> {
  const lines = (await readFile(path, 'latin1')).trimEnd().split('\n');
  return lines.map((line) => Buffer.from(line.slice(0, line.indexOf(' ')), 'base64'));
}
