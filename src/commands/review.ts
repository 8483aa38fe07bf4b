import { openApp } from '../app/app.js';
import { findJob } from '../app/publishing/publish-job.js';
import { openReview, type JobReview } from '../app/publishing/review-job.js';
import { SnvgError } from '../errors.js';
import { decisionsText, reviewLines, type ReviewClip, type ReviewDecision } from '../ui/review-clip.js';
import { wantsColor } from '../ui/reporter.js';
import type { CommandContext } from './context.js';

export interface ReviewFlags {
  list?: boolean;
  approve?: string[];
  reject?: string[];
}

/** `snvg review [job-or-folder]`: a person's yes or no to each clip; without a terminal, or with flags, in words. */
export async function runReview(context: CommandContext, jobOrFolder: string | undefined, flags: ReviewFlags): Promise<number> {
  const { settings } = context.loaded;
  const app = await openApp({ settings, paths: context.paths, signal: context.signal });
  try {
    const review = await openReview(app, findJob(app, jobOrFolder, context.cwd), context.env);
    const decided = decideByFlags(review, flags);
    if (settings.json) {
      context.stdout.write(`${JSON.stringify({ job: review.job.id, clips: decided.map(withoutUndefined) })}\n`);
      return 0;
    }
    const interactive = wantsColor(settings, context.stdout, context.env) && process.stdin.isTTY && flags.list !== true && !flags.approve && !flags.reject;
    if (!interactive) {
      for (const line of reviewLines(decided)) context.stdout.write(`${line}\n`);
      context.stdout.write(`${decisionsText(decided)}\n`);
      return 0;
    }
    const { reviewOnTerminal } = await import('../ui/ink/review.js');
    const left = await reviewOnTerminal(decided, review, { stdin: process.stdin, stdout: context.stdout, stderr: context.stderr }, context.signal);
    context.stdout.write(`${decisionsText(left)}\n`);
    return 0;
  } finally {
    await app.close();
  }
}

/** JSON leaves undefined out; a program wants to see that nobody decided. */
function withoutUndefined(clip: ReviewClip): object {
  return { ...clip, decision: clip.decision ?? null };
}

function decideByFlags(review: JobReview, { approve = [], reject = [] }: ReviewFlags): ReviewClip[] {
  const wanted = new Map<string, ReviewDecision>();
  for (const [names, decision] of [[approve, 'approved'], [reject, 'rejected']] as const) {
    for (const name of names) {
      for (const { lineage, index } of named(review, name)) {
        if ((wanted.get(lineage) ?? decision) !== decision) throw new SnvgError('USAGE', `Clip ${index} is to be approved and rejected`, 'Name it once.');
        wanted.set(lineage, decision);
      }
    }
  }
  return review.clips.map((clip) => {
    const decision = wanted.get(clip.lineage);
    return decision === undefined ? clip : review.decide(clip, decision);
  });
}

/** By its number, the beginning of its lineage, or `all`; several with commas. */
function named({ clips, job }: JobReview, names: string): ReviewClip[] {
  return names.split(',').map((name) => name.trim()).filter((name) => name !== '').flatMap((name) => {
    if (name === 'all') return clips;
    const byNumber = /^\d{1,3}$/.test(name) ? clips.filter(({ index }) => index === Number(name)) : [];
    const found = byNumber.length > 0 ? byNumber : name.length >= 4 ? clips.filter(({ lineage }) => lineage.startsWith(name)) : [];
    if (found.length === 1) return found;
    throw new SnvgError('USAGE', found.length === 0 ? `There is no clip ${JSON.stringify(name)}` : `Several clips begin with ${name}`, `Use a number, a lineage or all, as listed by: snvg review ${job.id} --list`);
  });
}
