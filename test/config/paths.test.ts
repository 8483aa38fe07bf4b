import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolvePaths } from '../../src/config/paths.js';

describe('paths', () => {
  it('follow XDG defaults below the home folder', () => {
    expect(resolvePaths({ HOME: '/home/a' })).toEqual({
      configDir: '/home/a/.config/snvg',
      dataDir: '/home/a/.local/share/snvg',
      databaseFile: '/home/a/.local/share/snvg/snvg.db',
      cacheDir: '/home/a/.cache/snvg',
      artifactsDir: '/home/a/.cache/snvg/artifacts',
      scratchDir: '/home/a/.cache/snvg/scratch',
      stateDir: '/home/a/.local/state/snvg',
      runtimeDir: '/home/a/.local/state/snvg/run',
    });
  });

  it('follow the XDG variables, of which relative ones are ignored', () => {
    const paths = resolvePaths({ HOME: '/home/a', XDG_DATA_HOME: '/d', XDG_CACHE_HOME: 'relative', XDG_RUNTIME_DIR: '/run/user/7', XDG_STATE_HOME: '' });
    expect(paths).toMatchObject({ dataDir: '/d/snvg', cacheDir: '/home/a/.cache/snvg', runtimeDir: '/run/user/7/snvg', stateDir: '/home/a/.local/state/snvg' });
  });

  it('lie in one folder with SNVG_HOME, which may be relative', () => {
    const paths = resolvePaths({ HOME: '/home/a', XDG_DATA_HOME: '/d', SNVG_HOME: 'here' }, '/work dir');
    for (const path of Object.values(paths)) expect(path.startsWith('/work dir/here/')).toBe(true);
  });

  it('put scratch into TMPDIR when that is set, also with SNVG_HOME', () => {
    expect(resolvePaths({ HOME: '/home/a', TMPDIR: '/scratch disk' }).scratchDir).toBe('/scratch disk');
    expect(resolvePaths({ SNVG_HOME: '/home', TMPDIR: 'here' }, '/films').scratchDir).toBe('/films/here');
    expect(resolvePaths({ HOME: '/home/a', TMPDIR: '' }).scratchDir).toBe('/home/a/.cache/snvg/scratch');
  });

  it('survive without HOME', () => {
    expect(resolvePaths({}).dataDir).toBe(join(homedir(), '.local/share/snvg'));
  });
});
