import type { Candidates, Moment } from '../artifacts/schemas/selection.js';
import type { Manifest } from '../artifacts/schemas/manifest.js';
import type { Source } from '../artifacts/schemas/source.js';

/** A clip with the names its files have in the output folder. */
export interface DeliveredClip {
  moment: Moment;
  outputs: Manifest['clips'][number]['outputs'];
}

/** All a manifest says, from the parts of a job. */
export interface ManifestInput {
  job: Manifest['job'];
  source: { path: string; sha256: string; artifact: Source };
  /** BCP 47 language of the words; null when it is not known. */
  language: string | null;
  stages: Manifest['stages'];
  clips: readonly DeliveredClip[];
  candidates: Candidates | undefined;
  publications: Manifest['publications'];
  notices: Manifest['notices'];
}

/** The public result of one job (docs/manifest.md). Clips stand in the order of the timeline. */
export function buildManifest(input: ManifestInput): Manifest {
  const { source, candidates } = input;
  const { video } = source.artifact;
  return {
    schemaVersion: 1,
    job: input.job,
    source: {
      path: source.path,
      sha256: source.sha256,
      durationUs: source.artifact.durationUs,
      width: video?.displayWidth ?? null,
      height: video?.displayHeight ?? null,
      fps: video && Math.round((video.fps.num / video.fps.den) * 1000) / 1000,
    },
    stages: input.stages,
    clips: input.clips
      .toSorted((a, b) => a.moment.index - b.moment.index)
      .map(({ moment, outputs }) => ({
        id: moment.candidateId,
        lineage: moment.lineage,
        index: moment.index,
        title: moment.title,
        score: moment.score,
        scoreParts: moment.scoreParts,
        ranges: moment.ranges,
        outputs: outputs.map((output) => ({ ...output, language: input.language })),
        notices: moment.notices,
      })),
    candidates: (candidates?.candidates ?? []).map(({ id, ranges, score, state, reason }) => ({ id, ranges, score, state, reason })),
    publications: input.publications,
    notices: input.notices,
  };
}
