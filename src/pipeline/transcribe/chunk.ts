import { z } from 'zod';
import type { ArtifactRef } from '../../artifacts/kinds.js';
import { range } from '../../artifacts/schemas/common.js';
import { defineOperation } from '../stage.js';
import { askSpeechWorker, speechModel, speechModelTool } from './engine.js';

/** Recognises one chunk. Each is a task of its own, so that a kill loses seconds of work, not hours. */
export const chunkOperation = defineOperation({
  id: 'transcribe.chunk',
  stage: 'transcribe',
  version: 1,
  params: z.object({ language: z.string(), chunk: range, islands: z.array(range) }),
  outputs: { part: 'transcript-part' },
  tools: [speechModelTool],
  slots: 2,
  async run(inputs: { pcm: ArtifactRef<'speech.pcm'> }, ctx) {
    const { language, chunk, islands } = ctx.params;
    const { words } = await askSpeechWorker(ctx, 'recognise', { model: speechModel, pcmPath: await ctx.path(inputs.pcm), chunk, language, islands });
    return { part: await ctx.putJson('transcript-part', { schemaVersion: 1, range: chunk, language, words }) };
  },
});
