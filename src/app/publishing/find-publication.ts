import { SnvgError } from '../../errors.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { Publication, PublishableClip } from '../../publishers/publisher.js';
import type { App } from '../app.js';
import { jobClips, type JobClip } from './job-clips.js';

/** Fewer digits of a key name too many posts. */
const leastDigits = 8;

/**
 * A publication by its key or the beginning of it.
 * @throws {SnvgError} PUBLICATION_NOT_FOUND
 */
export async function findPublication(ledger: Pick<Ledger, 'list'>, given: string): Promise<Publication> {
  const remedy = 'List them with: snvg publish --status';
  const key = given.toLowerCase();
  if (!/^[0-9a-f]+$/.test(key) || key.length < leastDigits) throw new SnvgError('PUBLICATION_NOT_FOUND', `${JSON.stringify(given)} names no post: a key has ${leastDigits} or more hexadecimal digits`, remedy);
  const found = (await ledger.list()).filter((publication) => publication.key.startsWith(key));
  const [one] = found;
  if (one && found.length === 1) return one;
  throw new SnvgError('PUBLICATION_NOT_FOUND', found.length > 1 ? `More than one post begins with ${given}` : `The ledger has no post ${given}`, found.length > 1 ? 'Give more of its digits.' : remedy);
}

/** The clip a publication is of, where it lies on this machine: in its own job, or in any other of the same source. */
export async function findClip(app: App, publication: Publication): Promise<JobClip | undefined> {
  const jobs = app.jobs.list().toSorted((a, b) => Number(b.id === publication.jobId) - Number(a.id === publication.jobId));
  for (const job of jobs) {
    try {
      const clip = (await jobClips(job, app.reviews)).find(({ sourceSha256, lineage }) => sourceSha256 === publication.sourceSha256 && lineage === publication.lineage);
      if (clip) return clip;
    } catch (error) {
      // A job that has delivered nothing, or whose folder is gone, is not the one.
      if (!(error instanceof SnvgError)) throw error;
    }
  }
  return undefined;
}

/** What the ledger itself knows of a clip: enough to ask a platform about it, or to take it back. */
export function clipOfRecord({ title, clipSha256, ranges }: Publication): PublishableClip {
  return {
    stem: title,
    format: '',
    videoPath: '',
    sha256: clipSha256,
    sizeBytes: 0,
    durationUs: ranges.reduce((sum, { startUs, endUs }) => sum + endUs - startUs, 0),
    width: 0,
    height: 0,
    fps: 0,
    captions: null,
    language: null,
    coverPath: '',
    title,
    description: '',
    hashtags: [],
  };
}
