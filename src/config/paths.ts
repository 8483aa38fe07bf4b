import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** Where snvg keeps what outlives a run. Nothing here is created by asking. */
export interface Paths {
  /** The user's own configuration: `config.json`, `config.yaml`. */
  readonly configDir: string;
  /** What must not be lost: the database. */
  readonly dataDir: string;
  readonly databaseFile: string;
  /** What can be made again: artifacts. */
  readonly cacheDir: string;
  readonly artifactsDir: string;
  /** Where runs keep what is half made, each in a folder of its own: TMPDIR when it is set, else in the cache. */
  readonly scratchDir: string;
  /** What may be lost but is nice to keep: logs. */
  readonly stateDir: string;
  /** Sockets of live runs. */
  readonly runtimeDir: string;
}

/**
 * The folders of the XDG Base Directory specification 0.8, on every platform (relative values are ignored, as it demands),
 * or one folder that holds all of them when SNVG_HOME is set; TMPDIR, when set, takes the scratch folders.
 */
export function resolvePaths(env: NodeJS.ProcessEnv, cwd: string = process.cwd()): Paths {
  const own = env['SNVG_HOME'];
  if (own) {
    const home = resolve(cwd, own);
    return layOut(env, cwd, {
      configDir: join(home, 'config'),
      dataDir: join(home, 'data'),
      cacheDir: join(home, 'cache'),
      stateDir: join(home, 'state'),
      runtimeDir: join(home, 'run'),
    });
  }
  const home = env['HOME'] || homedir();
  const base = (name: string, fallback: string): string => {
    const value = env[name];
    return join(value && isAbsolute(value) ? value : join(home, fallback), 'snvg');
  };
  const stateDir = base('XDG_STATE_HOME', '.local/state');
  const runtime = env['XDG_RUNTIME_DIR'];
  return layOut(env, cwd, {
    configDir: base('XDG_CONFIG_HOME', '.config'),
    dataDir: base('XDG_DATA_HOME', '.local/share'),
    cacheDir: base('XDG_CACHE_HOME', '.cache'),
    stateDir,
    runtimeDir: runtime && isAbsolute(runtime) ? join(runtime, 'snvg') : join(stateDir, 'run'),
  });
}

function layOut(env: NodeJS.ProcessEnv, cwd: string, dirs: Omit<Paths, 'databaseFile' | 'artifactsDir' | 'scratchDir'>): Paths {
  const { TMPDIR: temporary } = env;
  return Object.freeze({
    ...dirs,
    databaseFile: join(dirs.dataDir, 'snvg.db'),
    artifactsDir: join(dirs.cacheDir, 'artifacts'),
    scratchDir: temporary ? resolve(cwd, temporary) : join(dirs.cacheDir, 'scratch'),
  });
}
