import { z } from 'zod';
import type { ArtifactRef } from '../../artifacts/kinds.js';
import { defineOperation, type Planner } from '../stage.js';
import { choose } from './choose.js';
import { seenOperation } from './seen-operation.js';
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
    const { candidates, selection, notices } = choose(readTalk({ source, transcript, speech, coarse }), ctx.params);
    for (const notice of notices) ctx.notice(notice);
    return { candidates: await ctx.putJson('candidates', candidates), selection: await ctx.putJson('selection', selection) };
  },
});

export const operations = [chooseOperation, seenOperation] as const;

/**
 * Asks for the choice of moments: by what is said; where a source has no sound and no words were given, by what is seen.
 * @param request.name what the source is called: clips in which nothing is said are named after it
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
    name: string;
    clips: number | null;
    minLengthUs: number;
    maxLengthUs: number;
  },
): Promise<{ candidates: ArtifactRef<'candidates'>; selection: ArtifactRef<'selection'> }> {
  const { clips, minLengthUs, maxLengthUs, source, transcript, speech, coarse, name } = request;
  const [{ audio }, { words }] = await Promise.all([planner.read(source), planner.read(transcript)]);
  if (!audio && words.length === 0) return planner.task(seenOperation, { name, clips, minLengthUs, maxLengthUs }, { source, coarse });
  return planner.task(chooseOperation, { clips, minLengthUs, maxLengthUs }, { source, transcript, speech, coarse });
}
