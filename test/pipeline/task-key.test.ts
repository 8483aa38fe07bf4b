import { expect, test } from 'vitest';
import { z } from 'zod';
import { canonicalJson } from '../../src/artifacts/canonical-json.js';
import type { ArtifactRef } from '../../src/artifacts/kinds.js';
import { defineOperation, type FileRef, type Toolchain } from '../../src/pipeline/stage.js';
import { taskKey } from '../../src/pipeline/task.js';

const toolchain: Toolchain = { ffmpeg: { path: '/a/ffmpeg', identity: 'f1' }, ffprobe: { path: '/a/ffprobe' }, modelsDir: '/m', fontsDir: '/f', identities: { ffmpeg: 'f1', fonts: 't1' } };
const file: FileRef = { path: '/v/talk.mp4', sha256: 'a'.repeat(64), sizeBytes: 1 };
const ref: ArtifactRef<'source'> = { kind: 'source', hash: 'b'.repeat(64), sizeBytes: 1 };
const operation = (version: number, tools: ('ffmpeg' | 'fonts')[] = ['ffmpeg']) =>
  defineOperation({ id: 'render.test', stage: 'render', version, params: z.object({ color: z.string() }), outputs: { source: 'source' as const }, tools, slots: 1, run: () => Promise.resolve({ source: ref }) });

const key = (changes: { version?: number; color?: string; path?: string; sha256?: string; chain?: Toolchain; tools?: ('ffmpeg' | 'fonts')[] } = {}): string =>
  taskKey(operation(changes.version ?? 1, changes.tools), { color: changes.color ?? 'red' }, { file: { ...file, path: changes.path ?? file.path, sha256: changes.sha256 ?? file.sha256 }, ref }, changes.chain ?? toolchain);

test('paths, and tools the operation does not use, are not part of the key', () => {
  expect(key({ path: '/elsewhere/copy.mp4' })).toBe(key());
  expect(key({ chain: { ...toolchain, ffmpeg: { path: '/b/ffmpeg', identity: 'f1' }, identities: { ...toolchain.identities, fonts: 't2' } } })).toBe(key());
});

test('version, parameters, input bytes and tools in use are', () => {
  const keys = [key(), key({ version: 2 }), key({ color: 'blue' }), key({ sha256: 'c'.repeat(64) }), key({ chain: { ...toolchain, identities: { ffmpeg: 'f2' } } }), key({ tools: ['ffmpeg', 'fonts'] })];
  expect(new Set(keys).size).toBe(keys.length);
});

test('a tool without a stated identity is a fault, not a shared key', () => {
  expect(() => key({ chain: { ...toolchain, identities: {} } })).toThrow(/no identity for ffmpeg/);
});

test('equal values have equal canonical text whatever the order of their keys', () => {
  expect(canonicalJson({ b: [{ y: 1, x: undefined, a: null }], a: 'é' })).toBe(canonicalJson({ a: 'é', b: [{ a: null, y: 1 }] }));
  expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
});
