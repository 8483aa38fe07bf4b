import { openApp } from '../app/app.js';
import { localInput, placeJobs } from '../app/job-places.js';
import type { JobPlace } from '../app/job-request.js';
import { exitCodeOf, processSource, type ProcessOptions, type SourceResult } from '../app/process-source.js';
import { chooseReporterMode, createReporter } from '../ui/reporter.js';
import type { CommandContext } from './context.js';
import { runDry } from './dry-run.js';

/** `snvg process <inputs…>`: one job and one manifest per input; returns the exit code. */
export async function runProcess(context: CommandContext, inputs: readonly string[]): Promise<number> {
  if (context.loaded.settings.dryRun) return runDry(context, inputs);
  return exitCodeOf(await runStages(context, inputs, { until: 'render' }));
}

/** Runs the stages up to `until` on each input, in the folder its settings name. */
export async function runStages(context: CommandContext, inputs: readonly string[], options: Omit<ProcessOptions, 'event'>): Promise<SourceResult[]> {
  const places = await placeJobs(inputs.map((input) => localInput(input, context.cwd)), context.loaded.settings, context.cwd);
  return runPlaces(context, places, options);
}

/**
 * Runs the jobs one after the other, showing what happens.
 * @throws the error of a single job, so that it is shown in two lines
 */
export async function runPlaces(context: CommandContext, places: readonly JobPlace[], options: Omit<ProcessOptions, 'event'>): Promise<SourceResult[]> {
  const { settings } = context.loaded;
  const app = await openApp({ settings, paths: context.paths, signal: context.signal });
  const mode = chooseReporterMode(settings, context.stdout, context.env);
  const reporter = await createReporter({ mode, stdout: context.stdout, stderr: context.stderr });
  const results: SourceResult[] = [];
  try {
    for (const place of places) {
      results.push(await processSource(app, place, { ...options, event: (event) => reporter.event(event) }));
      if (context.signal.aborted) break;
    }
  } finally {
    await reporter.close();
    await app.close();
  }
  const [only] = results;
  // In JSON the job's own entry carries the error; a second object would break one-result-a-run.
  if (results.length === 1 && only?.error && !settings.json) throw only.error;
  return results;
}
