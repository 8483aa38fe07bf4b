import type { ClipText, Decision } from '../../jobs/reviews.js';
import type { Publication } from '../../publishers/publisher.js';
import type { App } from '../app.js';
import { jobClips, type DeliveredJob, type JobClip } from './job-clips.js';
import { publicationsOfJob } from './job-publications.js';

/** A clip as a person decides about it. */
export interface ReviewedClip {
  clip: JobClip;
  /** Undefined: not yet, or not yet for the film as it is now. */
  decision: Decision | undefined;
  /** The words a person put in. */
  edited: ClipText;
  /** Where it is already, or is on its way to. */
  publications: Publication[];
}

/** The clips of a job with all that is known for the decision; their films, receipts and words come with them. @throws {SnvgError} JOB_NOT_FOUND, LEDGER_* */
export async function reviewedClips(app: App, job: DeliveredJob): Promise<ReviewedClip[]> {
  const [clips, publications] = await Promise.all([jobClips(job, app.reviews), publicationsOfJob(app, job.id)]);
  return clips.map((clip) => ({
    clip,
    decision: decisionOf(app, clip),
    edited: app.reviews.text(clip),
    publications: publications.filter(({ sourceSha256, lineage }) => sourceSha256 === clip.sourceSha256 && lineage === clip.lineage),
  }));
}

/** A yes or no to every film of a clip as it is now; undefined takes it back. */
export function decideClip(app: App, clip: JobClip, decision: Decision | undefined): void {
  app.reviews.decide(clip, clip.films.map(({ sha256 }) => sha256), decision);
}

/** Puts a person's words in place of those that were made; they stay when the clip is made anew. */
export function editClip(app: App, clip: JobClip, text: ClipText): void {
  app.reviews.edit(clip, text);
}

/** One answer for all films: a yes that was given before another format was made is not one for that format. */
function decisionOf(app: App, clip: JobClip): Decision | undefined {
  const decisions = new Set(clip.films.map(({ sha256 }) => app.reviews.decision(clip, sha256)));
  return decisions.size === 1 ? [...decisions][0] : undefined;
}
