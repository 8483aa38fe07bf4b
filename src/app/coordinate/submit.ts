import { basename } from 'node:path';
import { type ErrorReport, reportError, SnvgError } from '../../errors.js';
import type { Submission } from '../../jobs/queue.js';
import { OutputFolder } from '../../output/folder.js';
import type { JobRequest } from '../../pipeline/plan.js';
import type { RunEvent } from '../../pipeline/run-event.js';
import { stages } from '../../pipeline/stages.js';
import { downloadedInput } from '../../sources/registry.js';
import type { App, JobRow } from '../app.js';
import { downloadsDirOf } from '../fetch-source.js';
import { wantsTheSame } from '../held-elsewhere.js';
import type { ByHand, JobPlace } from '../job-request.js';
import { readyToPublish } from '../publishing/publish-delivered.js';
import { ownSettings, settingsForElsewhere } from './kept-settings.js';

export interface SubmitOptions {
  /** Relative paths in settings count from it. */
  cwd: string;
  until: JobRequest['until'];
  byHand?: ByHand;
  /** Of waiting jobs, larger ones go first. */
  priority: number;
  /** Hand over the inputs that can be, also when others cannot. */
  keepGoing: boolean;
  event(event: RunEvent): void;
}

/** What became of one input. */
export type Submitted = { place: JobPlace } & ({ submission: Submission } | { error: ErrorReport });

/**
 * Hands jobs to whichever coordinator comes for them, after looking at what can be looked at cheaply: files that are not there, folders that
 * cannot take clips, accounts that nobody is logged in to. Unless it shall keep going, all are handed over or none.
 *
 * @throws {SnvgError} the first input's failure; JOB_BUSY when one is being worked on with other settings; DATABASE_*, DISK_FULL
 */
export async function submitJobs(app: App, places: readonly JobPlace[], options: SubmitOptions): Promise<Submitted[]> {
  await readyToPublish(app);
  const faults = new Map<JobPlace, ErrorReport>();
  for (const place of places) {
    await check(app, place, options).catch((error: unknown) => {
      if (!options.keepGoing) throw error;
      faults.set(place, reportError(error));
    });
  }
  return places.map((place): Submitted => {
    const fault = faults.get(place);
    if (fault) return { place, error: fault };
    try {
      return { place, submission: submit(app, place, options) };
    } catch (error) {
      if (!options.keepGoing || !(error instanceof SnvgError && error.code === 'JOB_BUSY')) throw error;
      return { place, error: reportError(error) };
    }
  });
}

async function check(app: App, place: JobPlace, { byHand }: SubmitOptions): Promise<void> {
  const { checkFile } = await stages.ingest();
  if (place.input?.secretUrl !== undefined) {
    throw new SnvgError('USAGE', `The address ${place.sourcePath} has a password or a signature in it, which is never kept for later`, 'Leave out --detach, or download the file first.');
  }
  if (place.input?.incomplete && !(await downloadedInput(place.input, downloadsDirOf(app.paths)))) {
    throw new SnvgError('USAGE', `The password or signature of ${place.sourcePath} is not known any more`, 'Run the command with the whole address, without --detach.');
  }
  if (!place.input) await checkFile(place.sourcePath);
  if (byHand?.transcriptFile !== undefined) await checkFile(byHand.transcriptFile);
  await OutputFolder.inspect(place.outputDir, place.jobId);
}

function submit(app: App, place: JobPlace, { cwd, until, byHand, priority, event }: SubmitOptions): Submission {
  const { jobId: id, sourcePath, outputDir } = place;
  const settings: Record<string, unknown> = { ...settingsForElsewhere({ ...app.settings, ...place.settings }, cwd), output: outputDir };
  const request = { until, ...byHand };
  const isSame = (known: JobRow): boolean => wantsTheSame(ownSettings(known.settings), ownSettings(settings)) && wantsTheSame(known.request, request);
  const queued: RunEvent = { type: 'job-queued', jobId: id, at: app.clock.nowMs(), source: place.name ?? basename(sourcePath), outputDir };
  const submission = app.queue.submit({ id, sourcePath, outputDir, settings, request, priority }, isSame, () => app.events.append(queued));
  if (submission === 'queued') event(queued);
  return submission;
}
