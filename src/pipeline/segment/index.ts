import { z } from 'zod';
import type { ArtifactRef } from '../../artifacts/kinds.js';
import { asFilm } from '../../artifacts/schemas/source.js';
import { defineOperation, type Planner } from '../stage.js';
import { choose } from './choose.js';
import { readTalk } from './talk.js';

interface SegmentInputs {
  source: ArtifactRef<'source'>;
  transcript: ArtifactRef<'transcript'>;
  speech: ArtifactRef<'speech'>;
  coarse: ArtifactRef<'coarse'>;
  [name: string]: ArtifactRef;
}

/** Topics, candidates with their scores and reasons, and the choice among them; one task, well under a second for a talk. */
const chooseOperation = defineOperation({
  id: 'segment.choose',
  stage: 'segment',
  version: 1,
  params: z.object({ clips: z.int().positive().nullable(), minLengthUs: z.int().positive(), maxLengthUs: z.int().positive() }),
  outputs: { candidates: 'candidates', selection: 'selection' } as const,
  tools: [],
  slots: 1,
  async run(inputs: SegmentInputs, ctx) {
    const [source, transcript, speech, coarse] = await Promise.all([ctx.read(inputs.source), ctx.read(inputs.transcript), ctx.read(inputs.speech), ctx.read(inputs.coarse)]);
    const { candidates, selection, notices } = choose(readTalk({ source: asFilm(source), transcript, speech, coarse }), ctx.params);
    for (const notice of notices) ctx.notice(notice);
    return { candidates: await ctx.putJson('candidates', candidates), selection: await ctx.putJson('selection', selection) };
  },
});

export const operations = [chooseOperation] as const;

/**
 * Asks for the choice of moments.
 * @param request.clips null: one a minute, 1 to 9
 * @param request.minLengthUs shortest and `maxLengthUs` longest clip, in µs
 * @returns every candidate with its reason, and the moments; with no moment there is a notice NO_CANDIDATE
 */
export async function planSegment(
  planner: Planner,
  request: {
    source: ArtifactRef<'source'>;
    transcript: ArtifactRef<'transcript'>;
    speech: ArtifactRef<'speech'>;
    coarse: ArtifactRef<'coarse'>;
    clips: number | null;
    minLengthUs: number;
    maxLengthUs: number;
  },
): Promise<{ candidates: ArtifactRef<'candidates'>; selection: ArtifactRef<'selection'> }> {
  const { clips, minLengthUs, maxLengthUs, source, transcript, speech, coarse } = request;
  return planner.task(chooseOperation, { clips, minLengthUs, maxLengthUs }, { source, transcript, speech, coarse });
}
