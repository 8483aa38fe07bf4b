import { z } from 'zod';
import type { ArtifactRef } from '../../artifacts/kinds.js';
import type { Range } from '../../artifacts/schemas/common.js';
import { defineOperation } from '../stage.js';
import { askSpeechWorker, speechModel, speechModelTool } from './engine.js';
import type { LanguageGuess } from './recogniser/speech-methods.js';
import { speechWithin } from './speech-within.js';

/** Chunks listened to: enough to outvote a foreign quotation or a song, few enough to stay in the worker's memory. */
const probes = 3;

/** Names the language most of the speech is in, from chunks spread over the file: the first 30 s are often music. */
export const languageOperation = defineOperation({
  id: 'transcribe.language',
  stage: 'transcribe',
  version: 1,
  params: z.object({}),
  outputs: { language: 'language' },
  tools: [speechModelTool],
  slots: 2,
  async run(inputs: { speech: ArtifactRef<'speech'>; pcm: ArtifactRef<'speech.pcm'> }, ctx) {
    const speech = await ctx.read(inputs.speech);
    const chunks = spread(speech.chunks);
    const guesses = await askSpeechWorker(ctx, 'identifyLanguage', { model: speechModel, pcmPath: await ctx.path(inputs.pcm), chunks });
    const vote = weigh(guesses, chunks.map((chunk) => speechWithin(speech.islands, chunk)));
    return { language: await ctx.putJson('language', { schemaVersion: 1, ...vote }) };
  },
});

/** The longest chunk of each third of the file: long ones say most. */
function spread(chunks: readonly Range[]): Range[] {
  const parts = Math.min(probes, chunks.length);
  return Array.from({ length: parts }, (_, part) => {
    const group = chunks.slice(Math.floor((part * chunks.length) / parts), Math.floor(((part + 1) * chunks.length) / parts));
    return group.reduce((longest, chunk) => (chunk.endUs - chunk.startUs > longest.endUs - longest.startUs ? chunk : longest));
  });
}

/** Mean probability of each language, weighted by how much speech was heard. */
function weigh(guesses: readonly LanguageGuess[], weights: readonly number[]): { language: string; probability: number } {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const sums = new Map<string, number>();
  guesses.forEach((guess, i) => {
    for (const { language, probability } of guess) sums.set(language, (sums.get(language) ?? 0) + probability * (weights[i] ?? 0));
  });
  const [language, sum] = [...sums].reduce((best, next) => (next[1] > best[1] ? next : best));
  return { language, probability: Math.min(1, sum / total) };
}
