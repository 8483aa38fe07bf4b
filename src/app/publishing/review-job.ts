import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { SnvgError } from '../../errors.js';
import { openFile } from '../../process/open-file.js';
import type { ReviewClip, ReviewDecision, ReviewText } from '../../ui/review-clip.js';
import type { App, JobRow } from '../app.js';
import type { JobClip } from './job-clips.js';
import { decideClip, editClip, reviewedClips, type ReviewedClip } from './reviews.js';

/** What a review shows of a receipt; earlier versions wrote less. */
const receipt = z.object({
  reason: z.string().default(''),
  edges: z.object({ firstWord: z.string(), lastWord: z.string() }).default({ firstWord: '', lastWord: '' }),
  outputs: z.array(z.object({ path: z.string(), integratedLufs: z.number().nullable(), truePeakDbtp: z.number().nullable(), doubtfulWords: z.array(z.object({ text: z.string() })).default([]) })).default([]),
});
type Receipt = z.infer<typeof receipt>;

/** A job's clips before a person's eyes, and what the person can do with them. */
export interface JobReview {
  job: JobRow;
  clips: ReviewClip[];
  /** Undefined takes back what was said. */
  decide(clip: ReviewClip, decision: ReviewDecision | undefined): ReviewClip;
  edit(clip: ReviewClip, text: ReviewText): ReviewClip;
  /** Shows the first film in the desktop's player. @throws {SnvgError} TOOL_FAILED */
  open(clip: ReviewClip): Promise<void>;
}

/** @throws {SnvgError} JOB_NOT_FOUND when the job has delivered nothing; LEDGER_* */
export async function openReview(app: App, job: JobRow, env: NodeJS.ProcessEnv): Promise<JobReview> {
  const reviewed = new Map<string, { one: ReviewedClip; proof: Receipt }>();
  for (const one of await reviewedClips(app, job)) reviewed.set(one.clip.lineage, { one, proof: await receiptOf(one.clip, job.outputDir) });
  const known = (lineage: string): { one: ReviewedClip; proof: Receipt } => {
    const found = reviewed.get(lineage);
    if (!found) throw new SnvgError('USAGE', `Job ${job.id} has no clip ${lineage}`, `See its clips: snvg review ${job.id} --list`);
    return found;
  };
  return {
    job,
    clips: [...reviewed.values()].map(({ one, proof }) => shown(one, proof)),
    decide({ lineage }, decision) {
      const { one, proof } = known(lineage);
      decideClip(app, one.clip, decision);
      reviewed.set(lineage, { one: { ...one, decision }, proof });
      return shown({ ...one, decision }, proof);
    },
    edit({ lineage }, { title, description, hashtags }) {
      const { one, proof } = known(lineage);
      const edited = { title, description, hashtags: [...hashtags] };
      editClip(app, one.clip, edited);
      reviewed.set(lineage, { one: { ...one, edited }, proof });
      return shown({ ...one, edited }, proof);
    },
    async open({ films }) {
      const [film] = films;
      if (film) await openFile(film.path, env);
    },
  };
}

async function receiptOf(clip: JobClip, outputDir: string): Promise<Receipt> {
  const stem = clip.films[0]?.stem;
  return receipt.parse(stem === undefined ? {} : JSON.parse(await readFile(join(outputDir, `${stem}.json`), 'utf8')));
}

function shown({ clip, decision, edited, publications }: ReviewedClip, { reason, edges, outputs }: Receipt): ReviewClip {
  const [film] = clip.films;
  const made: ReviewText = { title: film?.title ?? '', description: film?.description ?? '', hashtags: film?.hashtags ?? [] };
  return {
    ...made,
    ...edited,
    lineage: clip.lineage,
    index: clip.index,
    score: clip.score,
    why: reason,
    startUs: clip.ranges[0]?.startUs ?? 0,
    endUs: clip.ranges.at(-1)?.endUs ?? 0,
    ...edges,
    doubtfulWords: [...new Set(outputs.flatMap(({ doubtfulWords }) => doubtfulWords.map(({ text }) => text.replace(/[\s\p{P}]+$/u, '') || text)))],
    notices: clip.notices,
    films: clip.films.map(({ format, videoPath, durationUs }) => {
      const proof = outputs.find(({ path }) => join(dirname(videoPath), path) === videoPath);
      return { format, path: videoPath, durationUs, integratedLufs: proof?.integratedLufs ?? null, truePeakDbtp: proof?.truePeakDbtp ?? null };
    }),
    posts: publications.map(({ platform, accountName, state, url }) => ({ platform, accountName, state, url })),
    decision,
  };
}
