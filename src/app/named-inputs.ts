import type { Readable } from 'node:stream';
import type { Settings } from '../config/options.js';
import { inputSettings } from '../config/overrides.js';
import { expandInputs } from '../sources/expand-inputs.js';
import { isRemote, remoteInput } from '../sources/url-input.js';
import { type GivenInput, placeJobs } from './job-places.js';
import type { JobPlace } from './job-request.js';

/**
 * The jobs of what was typed, before anything is opened: files, folders, patterns, lists and addresses.
 *
 * @returns the jobs, and what a person should know of inputs that were left out
 * @throws {SnvgError} as `expandInputs` and `placeJobs`; LIST_INVALID for settings an input cannot have
 */
export async function namedJobs(args: readonly string[], context: { settings: Settings; cwd: string; stdin: Readable }): Promise<{ places: JobPlace[]; remarks: string[] }> {
  const { settings, cwd, stdin } = context;
  const { inputs, remarks } = await expandInputs(args, {
    cwd,
    stdin,
    fromList: settings.fromList,
    recursive: settings.recursive,
    settingsOf: (own, line) => inputSettings(own, { ...line, run: settings }),
    listS3: async (prefix) => (await import('../sources/s3/index.js')).listS3(prefix, settings.s3Endpoint),
  });
  const given = inputs.map((input): GivenInput => ({
    given: input.given,
    name: input.name,
    ...(input.kind === 'file' ? {} : { input }),
    ...(input.options ? { options: input.options } : {}),
  }));
  return { places: await placeJobs(given, settings, cwd), remarks };
}

/** The input of a job that was started earlier, from what was stored of it. */
export function storedInput(sourcePath: string): Pick<JobPlace, 'input' | 'name'> {
  if (!isRemote(sourcePath)) return {};
  const input = remoteInput(sourcePath);
  return { input, name: input.name };
}
