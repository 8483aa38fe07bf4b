import { z } from 'zod';
import type { ArtifactRef } from '../../artifacts/kinds.js';
import type { Word } from '../../artifacts/schemas/speech.js';
import { buildSentences } from '../../text/sentences.js';
import { defineOperation } from '../stage.js';
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
  needs: () => [],
  async run(inputs: { parts: readonly ArtifactRef<'transcript-part'>[] }, ctx) {
    const { language } = ctx.params;
    const parts = await Promise.all(inputs.parts.map((part) => ctx.read(part)));
    const words = parts.flatMap((part) => part.words.map((word, i) => (i === 0 ? { ...word, spaceBefore: isSpaced(part.language) } : word)));
    if (words.length === 0) {
      ctx.notice({
        code: 'NO_SPEECH',
        severity: 'degraded',
        message: inputs.parts.length === 0 ? 'Nobody speaks in this source' : 'No words could be made out in this source',
        remedy: 'Check that the right audio track was taken; clips are chosen by what is said.',
      });
    }
    const first = words[0];
    if (first) first.spaceBefore = false;
    inOrder(words);
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

/** Chunks meet in the middle of a pause, where rounding may let a word reach over by a little. */
function inOrder(words: Word[]): void {
  for (const [i, word] of words.entries()) {
    const before = words[i - 1];
    if (before && word.startUs < before.endUs) before.endUs = Math.max(before.startUs + 1, word.startUs);
  }
}
