import type { LoadedSettings } from '../config/load.js';
import type { Paths } from '../config/paths.js';

/** What cli.ts hands to every command: settings as loaded for this invocation, and the process's surroundings. */
export interface CommandContext {
  loaded: LoadedSettings;
  paths: Paths;
  version: string;
  cwd: string;
  env: NodeJS.ProcessEnv;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  /** Aborted by SIGINT or SIGTERM. */
  signal: AbortSignal;
}
