import { z } from 'zod';
import type { ArtifactRef } from '../../artifacts/kinds.js';
import { clipRate } from '../../artifacts/schemas/source.js';
import { defineOperation } from '../stage.js';
import { chooseSeen } from './seen/choose.js';

/** The choice of moments by what is seen, for sources in which nothing is heard. */
export const seenOperation = defineOperation({
  id: 'segment.see',
  stage: 'segment',
  version: 1,
  params: z.object({
    /** What the source is called, for titles. */
    name: z.string(),
    clips: z.int().positive().nullable(),
    minLengthUs: z.int().positive(),
    maxLengthUs: z.int().positive(),
  }),
  outputs: { candidates: 'candidates', selection: 'selection' } as const,
  tools: [],
  slots: 1,
  async run(inputs: { source: ArtifactRef<'source'>; coarse: ArtifactRef<'coarse'> }, ctx) {
    const [source, coarse] = await Promise.all([ctx.read(inputs.source), ctx.read(inputs.coarse)]);
    const { num, den } = clipRate(source);
    const view = { sourceSha256: source.sha256, name: ctx.params.name, durationUs: source.durationUs, frameUs: Math.ceil((1_000_000 * den) / num), shots: coarse.shots, looks: coarse.looks };
    const { candidates, selection, notices } = chooseSeen(view, ctx.params);
    for (const notice of notices) ctx.notice(notice);
    return { candidates: await ctx.putJson('candidates', candidates), selection: await ctx.putJson('selection', selection) };
  },
});
