import { z } from 'zod';
import { defineOperation } from '../stage.js';

/** What is heard of a source without sound: nothing, said once. Its length is all that this depends on. */
export const silentOperation = defineOperation({
  id: 'transcribe.silent',
  stage: 'transcribe',
  version: 1,
  params: z.object({ durationUs: z.int().positive() }),
  outputs: { speech: 'speech', transcript: 'transcript' } as const,
  tools: [],
  slots: 1,
  async run(_inputs: Record<string, never>, ctx) {
    const { durationUs } = ctx.params;
    ctx.notice({
      code: 'SOURCE_SILENT',
      severity: 'info',
      message: 'The source has no sound: its clips are chosen by what is seen and get a silent track',
      remedy: 'Nothing to do; words given with --transcript or as captions beside the source are used all the same.',
    });
    return {
      speech: await ctx.putJson('speech', { schemaVersion: 1, durationUs, islands: [], chunks: [], levels: { hopUs: 10_000, dbfs: [] } }),
      transcript: await ctx.putJson('transcript', { schemaVersion: 1, language: 'und', spans: [], origin: 'recognised', words: [], sentences: [] }),
    };
  },
});
