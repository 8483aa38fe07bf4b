import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadSettings, type LoadRequest } from '../../src/config/load.js';
import { formats, options, type OptionKey, type OptionSpec } from '../../src/config/options.js';
import { SnvgError } from '../../src/errors.js';

let dir: string;
let home: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'snvg-config-'));
  home = join(dir, 'home');
  mkdirSync(home);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function load(request: Partial<LoadRequest> = {}) {
  return loadSettings({ flags: {}, env: {}, cwd: dir, configDir: home, ...request });
}
function write(name: string, content: unknown): string {
  const path = join(dir, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}
async function refusal(request: Partial<LoadRequest> = {}): Promise<SnvgError> {
  const error: unknown = await load(request).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SnvgError)) throw new Error(`expected a refusal, got ${String(error)}`);
  expect(error.message).not.toContain('\n');
  expect(error.remedy).not.toBe('');
  expect(error.exitCode).toBe(2);
  return error;
}

/** A value of the option that passes validation, as text and as it is read. */
function valueOf(option: OptionSpec): fc.Arbitrary<{ text: string; value: unknown }> | undefined {
  switch (option.type) {
    case 'boolean':
      return fc.boolean().map((value) => ({ text: String(value), value }));
    case 'integer':
    case 'number':
      // Whole numbers between the lengths' limits keep the cross-field check out of this property.
      return fc.integer({ min: Math.ceil(option.min), max: Math.floor(option.max) }).map((value) => ({ text: String(value), value }));
    case 'choice':
      return fc.constantFrom(...option.choices).map((value) => ({ text: value, value }));
    case 'list':
      return option.choices ? fc.uniqueArray(fc.constantFrom(...option.choices), { minLength: 1 }).map((value) => ({ text: value.join(','), value })) : undefined;
    case 'map':
      return undefined;
    case 'text':
      return option.key === 'language' ? fc.constantFrom('en', 'ja', 'auto').map((value) => ({ text: value, value })) : undefined;
  }
}

describe('layers', () => {
  it('gives every setting its default, frozen, when nothing is set', async () => {
    const { settings, origins, filePath } = await load();
    for (const option of options) {
      expect(settings[option.key]).toEqual(option.default);
      expect(origins[option.key]).toEqual({ from: 'default' });
    }
    expect(filePath).toBeNull();
    expect(Object.isFrozen(settings)).toBe(true);
    expect(Object.isFrozen(settings.format)).toBe(true);
  });

  const layered = (options as readonly OptionSpec[]).flatMap((option) => {
    const arbitrary = valueOf(option);
    const free = option.flagOnly !== true && option.guarded !== true && option.key !== 'minLength' && option.key !== 'maxLength';
    return arbitrary && free && option.env !== undefined ? [{ key: option.key as OptionKey, env: option.env, arbitrary }] : [];
  });

  it('flag wins over environment, environment over file, file over default, and each says where it came from', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...layered).chain(({ key, env, arbitrary }) => fc.record({ key: fc.constant(key), env: fc.constant(env), flag: fc.option(arbitrary), variable: fc.option(arbitrary), file: fc.option(arbitrary) })),
        async ({ key, env, flag, variable, file }) => {
          const path = write('snvg.config.json', file ? { [key]: file.value } : {});
          const { settings, origins, filePath } = await load({ flags: flag ? { [key]: flag.text } : {}, env: variable ? { [env]: variable.text } : {} });
          expect(filePath).toBe(path);
          const winner = flag ?? variable ?? file;
          expect(settings[key]).toEqual(winner ? winner.value : options.find((option) => option.key === key)?.default);
          expect(origins[key].from).toBe(flag ? 'flag' : variable ? 'env' : file ? 'file' : 'default');
        },
      ),
      { numRuns: 200 },
    );
  });

  it('reads numbers, switches and lists from text', async () => {
    const { settings } = await load({
      flags: { clips: '3', maxLength: '45.5', captions: false, format: ['square,wide', 'square'], to: ['file:a,b', 'file:c'] },
      env: { SNVG_STRICT: 'yes', SNVG_LOUDNESS: '-16', SNVG_CRF: '' },
    });
    expect(settings).toMatchObject({ clips: 3, maxLength: 45.5, captions: false, format: ['square', 'wide'], to: ['file:a,b', 'file:c'], strict: true, loudness: -16, crf: 20 });
  });

  it('names the flag, variable or file of a value', async () => {
    const path = write('.snvgrc.json', { crf: 23 });
    const { origins } = await load({ flags: { captions: false, maxLength: '30' }, env: { SNVG_PRESET: 'fast' } });
    expect(origins).toMatchObject({
      captions: { from: 'flag', name: '--no-captions' },
      maxLength: { from: 'flag', name: '--max-length' },
      preset: { from: 'env', name: 'SNVG_PRESET' },
      crf: { from: 'file', name: path },
    });
  });
});

describe('the file', () => {
  it.each([
    ['snvg.config.json', '{"crf": 24}'],
    ['.snvgrc', 'crf: 24'],
    ['.snvgrc', '{"crf": 24}'],
    ['.snvgrc.json', '{"$schema": "./x.json", "crf": 24}'],
    ['.snvgrc.yaml', 'crf: 24\n'],
    ['package.json', '{"name": "x", "snvg": {"crf": 24}}'],
  ])('%s is found: %s', async (name, content) => {
    const path = write(name, content);
    expect(await load()).toMatchObject({ settings: { crf: 24 }, filePath: path });
  });

  it('a package.json without "snvg" is passed over', async () => {
    write('package.json', { name: 'x' });
    expect(await load()).toMatchObject({ filePath: null });
  });

  it("the user's own file applies where the working directory has none", async () => {
    const user = write('home/config.yaml', 'crf: 25');
    expect(await load()).toMatchObject({ settings: { crf: 25 }, filePath: user });
    const near = write('.snvgrc', 'clips: 2');
    expect(await load()).toMatchObject({ settings: { crf: 20, clips: 2 }, filePath: near });
  });

  it('an empty file sets nothing', async () => {
    const path = write('.snvgrc.yaml', '# nothing yet\n');
    expect(await load()).toMatchObject({ settings: { crf: 20 }, filePath: path });
  });

  it('relative paths count from the file, except bare names of programs', async () => {
    mkdirSync(join(dir, 'conf'));
    write('conf/c.json', { output: 'clips', models: '../models', ffmpeg: 'ffmpeg7', ffprobe: './bin/ffprobe' });
    const { settings } = await load({ configPath: 'conf/c.json' });
    expect(settings).toMatchObject({ output: join(dir, 'conf/clips'), models: join(dir, 'models'), ffmpeg: 'ffmpeg7', ffprobe: join(dir, 'conf/bin/ffprobe') });
  });

  it('a script is loaded when it is named, and only then', async () => {
    const marker = join(dir, 'ran');
    const script = `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(marker)}, ''); export default { crf: 26 };`;
    write('snvg.config.mjs', script);
    write('snvg.config.js', script);
    write('.snvgrc.js', script);
    // cosmiconfig's own search would obey these two.
    mkdirSync(join(dir, '.config'));
    write('.config/config.mjs', script);
    write('.config/config.cjs', `require('node:fs').writeFileSync(${JSON.stringify(marker)}, ''); module.exports = { crf: 27 };`);
    write('package.json', { name: 'x', cosmiconfig: { searchPlaces: ['snvg.config.mjs'] } });
    const before = process.cwd();
    process.chdir(dir);
    try {
      expect(await load()).toMatchObject({ settings: { crf: 20 }, filePath: null });
      expect(existsSync(marker)).toBe(false);
      expect(await load({ configPath: 'snvg.config.mjs' })).toMatchObject({ settings: { crf: 26 } });
      expect(existsSync(marker)).toBe(true);
    } finally {
      process.chdir(before);
    }
  });

  it('a searched file in the working directory never chooses a program; a named one and the user’s own may', async () => {
    const content = { ffmpeg: './evil' };
    write('.snvgrc.json', content);
    const error = await refusal();
    expect(error.message).toContain('"ffmpeg" names a program to run');
    expect(error.remedy).toContain('SNVG_FFMPEG');
    expect(await load({ configPath: '.snvgrc.json' })).toMatchObject({ settings: { ffmpeg: join(dir, 'evil') } });
    rmSync(join(dir, '.snvgrc.json'));
    write('home/config.json', content);
    expect(await load()).toMatchObject({ settings: { ffmpeg: join(home, 'evil') } });
  });

  it.each([{ allowPrivateNetwork: true }, { s3Endpoint: 'http://evil.example' }, { platformHosts: { '*': 'https://evil.example' } }, { hosts: ['evil.example'] }, { backend: 'ssh' }, { queue: 'redis://evil.example' }])('nor what network is talked to: %j', async (content) => {
    write('.snvgrc.json', content);
    expect((await refusal()).message).toContain('says what network snvg may talk to, which is not taken from a file found by searching');
    expect(await load({ configPath: '.snvgrc.json' })).toMatchObject({ settings: content });
  });
});

describe('refusals', () => {
  it.each([
    ['{"maxlength": 45}', 'snvg.config.json: "maxlength" is not a setting (did you mean "maxLength"?)'],
    ['{"max-length": 45}', '(did you mean "maxLength"?)'],
    ['{"formatt": []}', '(did you mean "format"?)'],
    ['{"zzz": 1}', 'snvg.config.json: "zzz" is not a setting'],
    ['{"__proto__": {"crf": 1}}', '"__proto__" is not a setting'],
    ['{"constructor": 1}', '"constructor" is not a setting'],
    ['{"clips": "three"}', 'snvg.config.json: "clips" is "three"; expected a whole number from 1 to 50'],
    ['{"clips": 2.5}', 'expected a whole number from 1 to 50'],
    ['{"crf": null}', '"crf" is null; expected a whole number from 0 to 40'],
    ['{"captions": "yes"}', 'expected true or false'],
    ['{"format": ["tall"]}', 'expected a list of vertical, square, wide'],
    ['{"format": "vertical"}', 'expected a list of vertical, square, wide'],
    ['{"format": []}', 'expected a list of vertical, square, wide'],
    ['{"captionColor": "red"}', 'expected a colour such as #FFE500'],
    ['{"language": "English"}', 'expected auto or a language code such as en'],
    ['{"preset": "placebo"}', 'expected one of ultrafast, '],
    ['{"fresh": true}', '"fresh" cannot stand in a file'],
    ['{"json": true}', '"json" cannot stand in a file'],
    ['[1]', 'expected an object of settings'],
    ['"text"', 'expected an object of settings'],
    ['{"crf": 20,}', 'snvg.config.json cannot be parsed'],
    ['{"minLength": 50, "maxLength": 40}', 'the shortest clip (50 s, '],
  ])('%s', async (content, message) => {
    write('snvg.config.json', content);
    const error = await refusal();
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain(message);
  });

  it('a YAML file with a fault says where', async () => {
    write('.snvgrc.yaml', 'crf: [1\nclips: 2');
    expect((await refusal()).message).toMatch(/^\.snvgrc\.yaml cannot be parsed: .+/);
  });

  it('values that refer to themselves are refused, not followed', async () => {
    write('.snvgrc.yaml', 'to: &a [*a]');
    expect((await refusal()).message).toContain('"to" is ');
  });

  it('a variable is named with what it held', async () => {
    const error = await refusal({ env: { SNVG_MAX_LENGTH: '1m' } });
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toBe('SNVG_MAX_LENGTH is "1m"; expected a number from 5 to 900');
    expect(error.remedy).toContain('SNVG_MAX_LENGTH');
  });

  it('a variable that should be JSON says so', async () => {
    expect((await load({ env: { SNVG_PLATFORM_HOSTS: '{"a.example": "https://b.example"}' } })).settings.platformHosts).toEqual({ 'a.example': 'https://b.example' });
    for (const wrong of ['{"a.example": 1}', '["a.example"]', 'null']) expect((await refusal({ env: { SNVG_PLATFORM_HOSTS: wrong } })).message).toContain('expected an object such as');
    expect((await refusal({ env: { SNVG_PLATFORM_HOSTS: 'a.example=b.example' } })).message).toContain('SNVG_PLATFORM_HOSTS is "a.example=b.example"; expected an object such as');
  });

  it.each([
    [{ clips: '0' }, '--clips is "0"; expected a whole number from 1 to 50'],
    [{ clips: '0x3' }, 'expected a whole number from 1 to 50'],
    [{ maxLength: 'Infinity' }, 'expected a number from 5 to 900'],
    [{ maxLength: 'NaN' }, 'expected a number from 5 to 900'],
    [{ format: ['vertical,'] }, 'expected a list of vertical, square, wide'],
    [{ output: '' }, '--output is ""; expected a path'],
    [{ minLength: '61' }, 'the shortest clip (61 s, --min-length) is longer than the longest (60 s, default)'],
  ])('a flag is a usage error: %j', async (flags, message) => {
    const error = await refusal({ flags });
    expect(error.code).toBe('USAGE');
    expect(error.message).toContain(message);
  });

  it('--config must name a file that exists and is of a known kind', async () => {
    expect((await refusal({ configPath: 'absent.json' })).message).toBe('absent.json does not exist');
    write('c.toml', 'crf = 1');
    expect((await refusal({ configPath: 'c.toml' })).message).toContain('ending snvg does not know');
    mkdirSync(join(dir, 'folder.json'));
    expect((await refusal({ configPath: 'folder.json' })).message).toContain('is a folder');
  });

  it.skipIf(process.getuid?.() === 0)('a file that may not be read is refused, not passed over', async () => {
    chmodSync(write('.snvgrc', 'crf: 1'), 0);
    expect((await refusal()).message).toContain('cannot be read');
  });

  it('any text in any layer either loads or is refused in one line', async () => {
    const anyKey = fc.oneof(fc.constantFrom(...options.map((option) => option.key as string)), fc.string());
    await fc.assert(
      fc.asyncProperty(fc.dictionary(anyKey, fc.jsonValue(), { maxKeys: 4 }), async (content) => {
        write('snvg.config.json', content);
        const outcome = await load().catch((error: unknown) => error);
        if (!(outcome instanceof SnvgError)) expect(outcome).toHaveProperty('settings');
        else expect(outcome.message).not.toContain('\n');
      }),
      { numRuns: 200 },
    );
  });

  it('the formats of the table are those of the renderer', () => {
    expect(formats).toEqual(['vertical', 'square', 'wide']);
    expect(readFileSync(new URL('../../src/config/options.ts', import.meta.url), 'utf8')).not.toMatch(/^import /m);
  });
});
