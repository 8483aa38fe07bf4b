import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { modelIdentities, readModelCatalog } from '../../src/inference/model-catalog.js';
import { verifyModel, verifyModels } from '../../src/inference/model-files.js';

const shipped = new URL('../../models/', import.meta.url).pathname;

describe('the shipped models', () => {
  it('are as the catalog says, with a licence each', async () => {
    for (const state of await verifyModels(shipped)) expect(state).toMatchObject({ fault: undefined });
    const { models } = await readModelCatalog(shipped);
    for (const [id, { licence, licenceFile, files }] of Object.entries(models)) {
      expect(licence).not.toBe('');
      expect((await readFile(join(shipped, licenceFile), 'utf8')).length).toBeGreaterThan(500);
      for (const { path } of files) expect(path.startsWith(`${id}/`)).toBe(true);
    }
  });

  it('have an identity for task keys', async () => {
    const identities = await modelIdentities(shipped);
    expect(identities['model:whisper-base']).toMatch(/^[0-9a-f]{64}$/);
    expect(identities['model:silero-vad']).not.toBe(identities['model:whisper-base']);
  });
});

describe('model files', () => {
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'snvg-models-'));
    await mkdir(join(dir, 'tiny'));
    await writeFile(join(dir, 'tiny', 'net.onnx'), 'weights');
    const sha256 = createHash('sha256').update('weights').digest('hex');
    await writeFile(
      join(dir, 'models.json'),
      JSON.stringify({ schemaVersion: 1, models: { tiny: { purpose: 'a test', origin: 'here', licence: 'MIT', licenceFile: 'tiny/LICENSE', files: [{ path: 'tiny/net.onnx', sha256, sizeBytes: 7 }] } } }),
    );
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('are found by name once verified', async () => {
    const model = await verifyModel(dir, 'tiny');
    expect(model.file('net.onnx')).toBe(join(dir, 'tiny/net.onnx'));
    expect(() => model.file('other.onnx')).toThrow('no file other.onnx');
  });

  it('are refused with a code and a remedy when missing, truncated, changed or unknown', async () => {
    await writeFile(join(dir, 'tiny', 'net.onnx'), 'weight!');
    await expect(verifyModel(dir, 'tiny')).rejects.toMatchObject({ code: 'MODEL_CORRUPT', message: expect.stringContaining('its contents have changed'), remedy: expect.stringContaining('Reinstall') });
    await truncate(join(dir, 'tiny', 'net.onnx'), 3);
    await expect(verifyModel(dir, 'tiny')).rejects.toMatchObject({ code: 'MODEL_CORRUPT', message: expect.stringContaining('3 bytes in place of 7') });
    await rm(join(dir, 'tiny', 'net.onnx'));
    await expect(verifyModel(dir, 'tiny')).rejects.toMatchObject({ code: 'MODEL_MISSING' });
    await expect(verifyModel(dir, 'other')).rejects.toMatchObject({ code: 'MODEL_MISSING' });
    expect(await verifyModels(dir)).toMatchObject([{ id: 'tiny', sizeBytes: 7, fault: { code: 'MODEL_MISSING', exitCode: 4 } }]);
  });

  it('are refused when the catalog is missing or broken', async () => {
    await writeFile(join(dir, 'models.json'), '{"models": 3}');
    await expect(readModelCatalog(dir)).rejects.toMatchObject({ code: 'MODEL_CORRUPT' });
    await rm(join(dir, 'models.json'));
    await expect(readModelCatalog(dir)).rejects.toMatchObject({ code: 'MODEL_MISSING' });
  });

  it('are noticed when they change after having been verified', async () => {
    await verifyModel(dir, 'tiny');
    await cp(join(dir, 'models.json'), join(dir, 'tiny', 'net.onnx'));
    await expect(verifyModel(dir, 'tiny')).rejects.toMatchObject({ code: 'MODEL_CORRUPT' });
  });
});
