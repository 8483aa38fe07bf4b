import { resolve } from 'node:path';
import { SnvgError } from '../../errors.js';
import type { Notice } from '../../pipeline/notice.js';
import type { PublishEvent } from '../../pipeline/publish/order.js';
import type { App, JobRow } from '../app.js';
import { jobClips } from './job-clips.js';
import { requireLastingLedger } from './open-ledger.js';
import { publishClips } from './publish-clips.js';
import { withPublishing } from './publishing-room.js';
import type { PublishRow } from './rows.js';
import { namedTargets, openTargets } from './targets.js';

export interface PublishJobRequest {
  jobOrFolder: string | undefined;
  cwd: string;
  again: boolean;
  env: NodeJS.ProcessEnv;
  event(event: PublishEvent): void;
}

/**
 * Publishes what a job delivered earlier, from its manifest and receipts.
 * @throws {SnvgError} JOB_NOT_FOUND, TARGET_UNKNOWN, USAGE, CONFIG_INVALID, LEDGER_*, REVIEW_NEEDED when no clip has a yes,
 * OUTPUT_NOT_OURS when a clip is not the one that was verified
 */
export async function publishJob(app: App, request: PublishJobRequest): Promise<{ rows: PublishRow[]; notices: Notice[] }> {
  const named = await namedTargets(app.settings);
  requireLastingLedger(named.map(({ publisher }) => publisher), app.settings, request.env);
  const job = findJob(app, request.jobOrFolder, request.cwd);
  const clips = await jobClips(job, app.reviews);
  const notices: Notice[] = [];
  const rows = await withPublishing(app, async (room) =>
    publishClips(room, {
      clips,
      targets: await openTargets(named, room.outside),
      again: request.again,
      insist: false,
      wait: true,
      signal: app.signal,
      notice: (notice) => notices.push(notice),
      event: request.event,
    }),
  );
  requireSomeYes(rows, job);
  if (app.settings.sandbox) notices.push({ code: 'REHEARSED', stage: 'publish', message: 'This was a rehearsal against stand-ins of the platforms: nothing left this machine, and nothing is kept of it', remedy: 'Leave out --sandbox to publish.', severity: 'info' });
  return { rows, notices };
}

/** @throws {SnvgError} REVIEW_NEEDED when none of the posts has a yes */
export function requireSomeYes(rows: readonly PublishRow[], job: JobRow): void {
  const lacking = rows.filter(({ outcome }) => outcome === 'waiting' || outcome === 'held-back');
  if (lacking.length === 0 || lacking.length < rows.length) return;
  const byRule = lacking.every(({ outcome }) => outcome === 'held-back');
  throw new SnvgError(
    'REVIEW_NEEDED',
    byRule ? `None of the ${lacking.length} posts passes the rules of --auto-approve` : `Nothing was sent: ${lacking.length} ${lacking.length === 1 ? 'post waits' : 'posts wait'} for a person's yes`,
    `Look at the clips and approve them: snvg review ${job.id}${byRule ? '' : '; where nobody can, --auto-approve'}`,
  );
}

/** By job id, by output folder, or the newest job when neither is named. @throws {SnvgError} JOB_NOT_FOUND */
export function findJob(app: App, jobOrFolder: string | undefined, cwd: string): JobRow {
  const jobs = app.jobs.list();
  if (jobOrFolder === undefined) {
    const newest = jobs.find(({ state }) => state !== 'queued');
    if (!newest) throw new SnvgError('JOB_NOT_FOUND', 'There is nothing to publish yet', 'Make clips first: snvg process video.mp4');
    return newest;
  }
  const folder = resolve(cwd, jobOrFolder);
  return jobs.find((job) => job.outputDir === folder) ?? app.jobs.get(jobOrFolder);
}
