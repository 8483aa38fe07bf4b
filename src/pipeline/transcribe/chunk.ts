import { z } from 'zod';
import type { ArtifactRef } from '../../artifacts/kinds.js';
import { range } from '../../artifacts/schemas/common.js';
import { defineOperation } from '../stage.js';
import { askSpeechWorker, speechModel, speechModelTool } from './engine.js';
import { bytesOfSamples } from './recogniser/pcm.js';

/** Measured: the recogniser's window is heard whole, whatever is in it; words come on top. */
const cpuSeconds = { window: 0.9, perSecond: 0.03 } as const;

/** Recognises one chunk. Each is a task of its own, so that a kill loses seconds of work, not hours. */
export const chunkOperation = defineOperation({
  id: 'transcribe.chunk',
  stage: 'transcribe',
  version: 1,
  params: z.object({ language: z.string(), chunk: range, islands: z.array(range) }),
  outputs: { part: 'transcript-part' },
  tools: [speechModelTool],
  slots: 2,
  moves: {
    cpuSeconds: ({ chunk }) => cpuSeconds.window + cpuSeconds.perSecond * ((chunk.endUs - chunk.startUs) / 1e6),
    memoryBytes: 800_000_000,
    reads: async ({ chunk }) => ({ pcm: { bytes: [bytesOfSamples(chunk)] } }),
  },
  async run(inputs: { pcm: ArtifactRef<'speech.pcm'> }, ctx) {
    const { language, chunk, islands } = ctx.params;
    const { words } = await askSpeechWorker(ctx, 'recognise', { model: speechModel, pcmPath: await ctx.path(inputs.pcm), chunk, language, islands });
    return { part: await ctx.putJson('transcript-part', { schemaVersion: 1, range: chunk, language, words }) };
  },
});
