import { z } from 'zod';
import type { ArtifactRef } from '../../../artifacts/kinds.js';
import { buildSentences } from '../../../text/sentences.js';
import { defineOperation, type FileRef } from '../../stage.js';
import { largestBytes, readCaptionText } from './caption-text.js';
import { parseWordsFile } from './words-file.js';

/** Takes the words from a list that lies beside the source, in place of recognising them. */
export const wordsOperation = defineOperation({
  id: 'transcribe.words',
  stage: 'transcribe',
  version: 1,
  params: z.object({ name: z.string(), language: z.string() }),
  outputs: { transcript: 'transcript' },
  tools: [],
  slots: 1,
  async run(inputs: { captions: FileRef; speech: ArtifactRef<'speech'> }, ctx) {
    const { name, language } = ctx.params;
    const { durationUs } = await ctx.read(inputs.speech);
    const text = await readCaptionText(inputs.captions.path, name, largestBytes.list);
    const words = parseWordsFile(text, name, durationUs, language);
    ctx.notice({
      code: 'CAPTIONS_USED',
      severity: 'info',
      message: `The words come from ${name}, not from the sound`,
      remedy: 'Rename or remove that file to have the sound recognised.',
    });
    return {
      transcript: await ctx.putJson('transcript', { schemaVersion: 1, language, spans: [{ startUs: 0, endUs: durationUs, language }], origin: 'words', words, sentences: buildSentences(words, language) }),
    };
  },
});
