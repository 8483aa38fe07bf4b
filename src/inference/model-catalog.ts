import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SnvgError } from '../errors.js';

const catalogSchema = z.object({
  schemaVersion: z.literal(1),
  models: z.record(
    z.string(),
    z.object({
      purpose: z.string(),
      origin: z.string(),
      licence: z.string(),
      licenceFile: z.string(),
      /** Relative to the models folder, forward slashes. */
      files: z.array(z.object({ path: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/), sizeBytes: z.int().positive() })).min(1),
    }),
  ),
});

/** `models/models.json`: every model that ships, by id. */
export type ModelCatalog = z.infer<typeof catalogSchema>;
export type ModelEntry = ModelCatalog['models'][string];

/** What a user can do about a model that is not as it was shipped. */
export const modelRemedy = 'Reinstall snvg (npm ci, or npm i -g snvg) to get the model files again; snvg doctor checks them.';

/**
 * @throws {SnvgError} MODEL_MISSING when the folder has no catalog, MODEL_CORRUPT when it cannot be read as one
 */
export async function readModelCatalog(modelsDir: string): Promise<ModelCatalog> {
  const path = join(modelsDir, 'models.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new SnvgError('MODEL_MISSING', `no model catalog at ${path}`, modelRemedy, { cause });
  }
  try {
    return catalogSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new SnvgError('MODEL_CORRUPT', `${path} is not a model catalog`, modelRemedy, { cause });
  }
}

/**
 * What enters task keys for each model, `model:<id>` → hash over its files' hashes. Reads the catalog only:
 * the files themselves are checked against it before they are loaded.
 */
export async function modelIdentities(modelsDir: string): Promise<Record<`model:${string}`, string>> {
  const { models } = await readModelCatalog(modelsDir);
  const identities: Record<`model:${string}`, string> = {};
  for (const [id, entry] of Object.entries(models)) {
    const lines = entry.files.map((file) => `${file.sha256}  ${file.path}\n`).toSorted();
    identities[`model:${id}`] = createHash('sha256').update(lines.join('')).digest('hex');
  }
  return identities;
}
