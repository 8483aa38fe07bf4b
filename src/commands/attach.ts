import { openApp } from '../app/app.js';
import { exitCodeOf, summarise } from '../app/batch-result.js';
import { followJob } from '../app/coordinate/attach.js';
import { SnvgError } from '../errors.js';
import { chooseReporterMode, createReporter } from '../ui/reporter.js';
import type { CommandContext } from './context.js';

/**
 * `snvg jobs attach <job>`: shows a job as the command that runs it would, to its end; returns the job's own exit code.
 * @throws the job's error, so that it is shown in two lines; {SnvgError} INTERRUPTED or TERMINATED when a signal ended the showing
 */
export async function runJobsAttach(context: CommandContext, given: string): Promise<number> {
  const { signal, stdout, stderr, env } = context;
  const { settings } = context.loaded;
  const app = await openApp({ settings, paths: context.paths, signal });
  let failure: unknown;
  let exitCode: number;
  try {
    const job = app.jobs.get(given);
    const reporter = await createReporter({ mode: chooseReporterMode(settings, stdout, env), stdout, stderr, run: { inputs: 1, signal, ctrlC: 'Ctrl-C ends the showing; the job goes on' } });
    const startedMs = app.clock.monotonicMs();
    try {
      const ended = await followJob(app, job, { event: (event) => reporter.event(event), say: (text) => reporter.say({ text, tone: 'warn' }) });
      if (ended) {
        const outcomes = [{ ...ended, wallMs: Math.round(app.clock.monotonicMs() - startedMs) }];
        reporter.summary({ outcomes, summary: summarise(outcomes, app.clock.monotonicMs() - startedMs) });
        exitCode = exitCodeOf(outcomes, new AbortController().signal);
        failure = ended.error;
      } else {
        const interrupted = signal.reason instanceof SnvgError && signal.reason.code === 'INTERRUPTED';
        const left = new SnvgError(interrupted ? 'INTERRUPTED' : 'TERMINATED', `Job ${job.id} is not watched any more; it goes on`, `Watch it again with snvg jobs attach ${job.id}, or stop it with snvg jobs cancel ${job.id}`);
        exitCode = left.exitCode;
        failure = left;
      }
    } finally {
      await reporter.close();
    }
  } finally {
    await app.close();
  }
  // In JSON the job's own entry carries the error; a second object would break one-result-a-run.
  if (failure && !settings.json) throw failure;
  return exitCode;
}
