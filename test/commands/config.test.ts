import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { manifest } from '../../src/artifacts/schemas/manifest.js';
import { runConfigPath, runConfigSchema, runConfigShow } from '../../src/commands/config.js';
import { loadSettings, type LoadedSettings } from '../../src/config/load.js';
import { resolvePaths } from '../../src/config/paths.js';

let dir: string;
let loaded: LoadedSettings;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'snvg-config-command-'));
  writeFileSync(join(dir, '.snvgrc'), 'crf: 23');
  loaded = await loadSettings({ flags: { clips: '3', output: '日本\u001b[31m' }, env: { SNVG_PRESET: 'fast' }, cwd: dir, configDir: join(dir, 'none') });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function capture(): { write(text: string): void; text(): string } {
  let all = '';
  return { write: (text) => void (all += text), text: () => all };
}

describe('snvg config', () => {
  it('show: value and origin of every setting, and nothing that moves the cursor', () => {
    const stdout = capture();
    expect(runConfigShow({ loaded, stdout }, { json: false })).toBe(0);
    const lines = stdout.text().split('\n');
    expect(lines).toContainEqual(expect.stringMatching(/^clips +3 +--clips$/));
    expect(lines).toContainEqual(expect.stringMatching(/^crf +23 +\/.+\.snvgrc$/));
    expect(lines).toContainEqual(expect.stringMatching(/^preset +fast +SNVG_PRESET$/));
    expect(lines).toContainEqual(expect.stringMatching(/^loudness +-14 +default$/));
    expect(lines).toContainEqual(expect.stringMatching(/^output +日本\uFFFD\[31m +--output$/));
    expect(stdout.text()).not.toContain('\u001b');
  });

  it('show --json', () => {
    const stdout = capture();
    runConfigShow({ loaded, stdout }, { json: true });
    const shown = JSON.parse(stdout.text()) as { file: string; settings: Record<string, unknown> };
    expect(shown.file).toBe(join(dir, '.snvgrc'));
    expect(shown.settings).toMatchObject({ clips: { value: 3, origin: { from: 'flag', name: '--clips' } }, crf: { value: 23 }, loudness: { origin: { from: 'default' } } });
  });

  it('path: the file that applies, and where data lies', () => {
    const stdout = capture();
    const paths = resolvePaths({ SNVG_HOME: '/data' });
    expect(runConfigPath({ loaded, paths, stdout }, { json: false })).toBe(0);
    expect(stdout.text()).toContain(join(dir, '.snvgrc'));
    expect(stdout.text()).toContain('/data/data/snvg.db');
  });

  it('path: without a file, where one is looked for', () => {
    const stdout = capture();
    runConfigPath({ loaded: { ...loaded, filePath: null }, paths: resolvePaths({ SNVG_HOME: '/data' }), stdout }, { json: false });
    expect(stdout.text()).toContain('./snvg.config.json');
    expect(stdout.text()).toContain('/data/config/config.yaml');
  });

  it('schema: accepts what the loader accepts and refuses other keys', () => {
    const stdout = capture();
    expect(runConfigSchema({ stdout, manifestSchema: manifest }, { manifest: false })).toBe(0);
    const schema = JSON.parse(stdout.text()) as Record<string, unknown>;
    expect(schema).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'snvg configuration', additionalProperties: false });
    const read = z.fromJSONSchema(schema);
    expect(read.safeParse({ crf: 23, format: ['square'], clips: null }).success).toBe(true);
    for (const wrong of [{ crf: 99 }, { format: ['tall'] }, { fresh: true }, { clip: 1 }]) expect(read.safeParse(wrong).success).toBe(false);
  });

  it('schema --manifest: the published shape of manifest.json', () => {
    const stdout = capture();
    runConfigSchema({ stdout, manifestSchema: manifest }, { manifest: true });
    expect(JSON.parse(stdout.text())).toMatchObject({
      title: 'snvg manifest',
      required: expect.arrayContaining(['schemaVersion', 'job', 'source', 'stages', 'clips', 'candidates', 'notices']) as unknown,
    });
  });
});
