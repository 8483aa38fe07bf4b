import { resolve } from 'node:path';
import { loadSettings } from '../../config/load.js';
import type { OptionKey, OptionSpec, Settings } from '../../config/options.js';
import { options } from '../../config/options.js';

/** What a coordinator decides for all its jobs: on which machines, with what programs, how much at once, and what is said. */
const ofTheCoordinator: ReadonlySet<OptionKey> = new Set(['backend', 'hosts', 'here', 'queue', 'store', 'concurrency', 'jobs', 'keepGoing', 'ffmpeg', 'ffprobe', 'models', 'logLevel', 'json', 'events', 'color'] as const);

/** Settings that say nothing once a job waits for a coordinator, of those that were given. */
export function leftToCoordinator(given: Iterable<OptionKey>): OptionKey[] {
  return [...given].filter((key) => ofTheCoordinator.has(key) && !['jobs', 'keepGoing', 'logLevel', 'json', 'events', 'color'].includes(key));
}

/** The settings as they mean the same from every folder: whoever takes the job runs elsewhere. */
export function settingsForElsewhere(settings: Settings, cwd: string): Settings {
  const absolute: Record<string, unknown> = { ...settings, fromList: null, dryRun: false };
  for (const option of options as readonly OptionSpec[]) {
    const value = absolute[option.key];
    if (option.type !== 'text' || option.path === undefined || option.template || typeof value !== 'string') continue;
    // The bare name of a program is looked up on PATH.
    if (option.path !== 'program' || value.includes('/')) absolute[option.key] = resolve(cwd, value);
  }
  for (const key of ['ledger', 'store'] as const) {
    const value = settings[key];
    if (value !== null && !value.startsWith('s3://')) absolute[key] = resolve(cwd, value);
  }
  absolute['to'] = settings.to.map((target) => (target.startsWith('file:') ? `file:${resolve(cwd, target.slice('file:'.length))}` : target));
  return absolute as Settings;
}

/**
 * The settings a job was last started with, checked anew: an earlier version may have written them.
 * @throws {SnvgError} USAGE for a value that is none any more
 */
export async function keptSettings(job: { settings: Record<string, unknown>; outputDir: string }, configDir: string, instead: Partial<Settings> = {}): Promise<Settings> {
  const flags = { ...job.settings, output: job.outputDir, dryRun: false, ...instead };
  // What lies in the working directory says nothing about a job that was given from another.
  const { settings } = await loadSettings({ flags, env: {}, cwd: configDir, configDir });
  return settings;
}

/** A job's own settings, checked before, to be laid over those of the coordinator that runs it. */
export function ownSettings(settings: Record<string, unknown>): Partial<Settings> {
  return Object.fromEntries(Object.entries(settings).filter(([key]) => !ofTheCoordinator.has(key as OptionKey)));
}
