import { z } from 'zod';
import type { ArtifactRef } from '../../artifacts/kinds.js';
import { buildSentences } from '../../text/sentences.js';
import { defineOperation } from '../stage.js';
import { orderWords } from './order-words.js';
import { isSpaced } from './recogniser/languages.js';

/** Joins the chunks' words to one transcript and finds its sentences. */
export const joinOperation = defineOperation({
  id: 'transcribe.join',
  stage: 'transcribe',
  version: 1,
  params: z.object({ language: z.string() }),
  outputs: { transcript: 'transcript' },
  tools: [],
  slots: 1,
  async run(inputs: { parts: readonly ArtifactRef<'transcript-part'>[] }, ctx) {
    const { language } = ctx.params;
    const parts = await Promise.all(inputs.parts.map((part) => ctx.read(part)));
    const joined = parts.flatMap((part) => part.words.map((word, i) => (i === 0 ? { ...word, spaceBefore: isSpaced(part.language) } : word)));
    const words = orderWords(joined);
    if (words.length === 0) {
      ctx.notice({
        code: 'NO_SPEECH',
        severity: 'degraded',
        message: inputs.parts.length === 0 ? 'Nobody speaks in this source' : 'No words could be made out in this source',
        remedy: 'Check that the right audio track was taken; clips are chosen by what is said.',
      });
    }
    return {
      transcript: await ctx.putJson('transcript', {
        schemaVersion: 1,
        language,
        spans: parts.filter((part) => part.words.length > 0).map((part) => ({ ...part.range, language: part.language })),
        origin: 'recognised',
        words,
        sentences: buildSentences(words, language),
      }),
    };
  },
});
