import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { reportError, SnvgError, type ErrorReport } from '../errors.js';
import { modelRemedy, readModelCatalog, type ModelEntry } from './model-catalog.js';

/** Files of a model whose bytes are those that were shipped. */
export interface VerifiedModel {
  id: string;
  /** Absolute path by file name. Throws when the model has no such file: a fault of the caller. */
  file(name: string): string;
}

export interface ModelState {
  id: string;
  purpose: string;
  licence: string;
  sizeBytes: number;
  /** Absent when every file is as shipped. */
  fault: ErrorReport | undefined;
}

/** Path, size and time of a file → its hash: a model is read once per process however often it is asked for. */
const hashes = new Map<string, Promise<string>>();

/**
 * Checks every file of a model against the catalog's sha256.
 *
 * @throws {SnvgError} MODEL_MISSING, MODEL_CORRUPT
 */
export async function verifyModel(modelsDir: string, id: string): Promise<VerifiedModel> {
  const entry = (await readModelCatalog(modelsDir)).models[id];
  if (!entry) throw new SnvgError('MODEL_MISSING', `model ${id} is not in the catalog of ${modelsDir}`, modelRemedy);
  await verifyFiles(modelsDir, id, entry);
  return {
    id,
    file: (name) => {
      const found = entry.files.find((file) => basename(file.path) === name);
      if (!found) throw new Error(`model ${id} has no file ${name}`);
      return join(modelsDir, found.path);
    },
  };
}

/** The state of every shipped model, for `snvg doctor`. Reads all of them: about 0.3 CPU s. */
export async function verifyModels(modelsDir: string): Promise<ModelState[]> {
  const { models } = await readModelCatalog(modelsDir);
  const states: ModelState[] = [];
  for (const [id, entry] of Object.entries(models)) {
    const fault = await verifyFiles(modelsDir, id, entry).then(() => undefined, reportError);
    states.push({ id, purpose: entry.purpose, licence: entry.licence, sizeBytes: entry.files.reduce((sum, file) => sum + file.sizeBytes, 0), fault });
  }
  return states;
}

async function verifyFiles(modelsDir: string, id: string, entry: ModelEntry): Promise<void> {
  for (const file of entry.files) {
    const path = join(modelsDir, file.path);
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile()) throw new SnvgError('MODEL_MISSING', `model ${id} lacks its file ${path}`, modelRemedy);
    const wrong = found.size !== file.sizeBytes ? `${found.size} bytes in place of ${file.sizeBytes}` : (await hashOf(path, `${found.size}:${found.mtimeMs}:${found.ino}`)) === file.sha256 ? undefined : 'its contents have changed';
    if (wrong !== undefined) throw new SnvgError('MODEL_CORRUPT', `model ${id} is damaged: ${path}: ${wrong}`, modelRemedy);
  }
}

function hashOf(path: string, version: string): Promise<string> {
  const key = `${path}:${version}`;
  let hash = hashes.get(key);
  if (!hash) {
    hash = sha256Of(path);
    hashes.set(key, hash);
  }
  return hash;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
