import { openApp } from '../app/app.js';
import { runBatch, type BatchOptions } from '../app/batch.js';
import { exitCodeOf, summarise } from '../app/batch-result.js';
import { inputsAtOnce } from '../app/batch-width.js';
import { fetchSource } from '../app/fetch-source.js';
import type { JobPlace } from '../app/job-request.js';
import { namedJobs } from '../app/named-inputs.js';
import { SnvgError } from '../errors.js';
import { count } from '../ui/format.js';
import { chooseReporterMode, createReporter } from '../ui/reporter.js';
import type { CommandContext } from './context.js';
import { runDry } from './dry-run.js';

type Work = Pick<BatchOptions, 'until' | 'byHand' | 'finished'> & { /** Said first. */ remarks?: readonly string[] };

/** `snvg process <inputs…>`: one job and one manifest per input; returns the exit code. */
export async function runProcess(context: CommandContext, inputs: readonly string[]): Promise<number> {
  if (context.loaded.settings.dryRun) return runDry(context, inputs);
  return runStages(context, inputs, { until: 'render' });
}

/** Runs the stages up to `until` on each input, in the folder its settings name; returns the exit code. */
export async function runStages(context: CommandContext, inputs: readonly string[], { ofOneInput, ...work }: Work & { /** A flag that says something about one input alone. */ ofOneInput?: string }): Promise<number> {
  const { places, remarks } = await namedJobs(inputs, { settings: context.loaded.settings, cwd: context.cwd, stdin: process.stdin });
  if (ofOneInput !== undefined && places.length > 1) {
    throw new SnvgError('USAGE', `${ofOneInput} is about one input, and ${places.length} were given`, `Give one input with ${ofOneInput}, or leave it out.`);
  }
  return runPlaces(context, places, { ...work, remarks });
}

/**
 * Runs the jobs, several at once, showing what happens; returns the exit code.
 * @throws the error of a single job, and the signal that stopped several, so that it is shown in two lines
 */
export async function runPlaces(context: CommandContext, places: readonly JobPlace[], work: Work): Promise<number> {
  const { signal, stdout, stderr } = context;
  const { settings } = context.loaded;
  const app = await openApp({ settings, paths: context.paths, signal });
  const mode = chooseReporterMode(settings, stdout, context.env);
  const reporter = await createReporter({ mode, stdout, stderr, run: { inputs: places.length, signal } });
  for (const text of work.remarks ?? []) reporter.say({ text, tone: 'warn' });
  const atOnce = inputsAtOnce(settings, places.length);
  const startedMs = app.clock.monotonicMs();
  let exitCode: number;
  let failure: unknown;
  try {
    const outcomes = await runBatch(app, places, {
      ...work,
      fetch: fetchSource,
      atOnce,
      keepGoing: settings.keepGoing,
      event: (event) => reporter.event(event),
      stopping: ({ running, notStarted }) => {
        const others = running === 0 ? '' : `, ${running} still running ${running === 1 ? 'goes' : 'go'} on`;
        reporter.say({ text: `After this failure no new input is started: ${count(notStarted, 'input')} left out${others} (--keep-going tries all)`, tone: 'warn' });
      },
    });
    reporter.summary({ outcomes, summary: summarise(outcomes, app.clock.monotonicMs() - startedMs) });
    exitCode = exitCodeOf(outcomes, signal);
    if (outcomes.length === 1) failure = outcomes[0]?.error;
    else if (signal.aborted && exitCode >= 128) failure = signal.reason;
  } finally {
    await reporter.close();
    await app.close();
  }
  // In JSON the job's own entry carries the error; a second object would break one-result-a-run.
  if (failure && !settings.json) throw failure;
  return exitCode;
}
