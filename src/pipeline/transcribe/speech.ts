import { join } from 'node:path';
import { z } from 'zod';
import type { ArtifactRef } from '../../artifacts/kinds.js';
import type { Range } from '../../artifacts/schemas/common.js';
import type { Speech } from '../../artifacts/schemas/speech.js';
import { SnvgError } from '../../errors.js';
import { decodeSpeech } from '../../media/audio.js';
import { defineOperation, type FileRef } from '../stage.js';
import { askSpeechWorker, vadModelTool } from './engine.js';
import { packChunks } from './pack-chunks.js';
import { sampleRate } from './recogniser/pcm.js';

/** Share of the work that is decoding; the rest is listening. */
const decodingShare = 0.3;

/** Decodes the sound and finds who speaks when: the gate before recognition, which would invent words for silence and music. */
export const speechOperation = defineOperation({
  id: 'transcribe.speech',
  stage: 'transcribe',
  version: 4,
  params: z.object({}),
  outputs: { speech: 'speech', pcm: 'speech.pcm' },
  tools: ['ffmpeg', vadModelTool],
  slots: 2,
  async run(inputs: { file: FileRef; source: ArtifactRef<'source'> }, ctx) {
    const source = await ctx.read(inputs.source);
    const pcmPath = join(ctx.scratchDir, 'speech.pcm');
    const { audio, durationUs } = source;
    if (!audio) throw new SnvgError('MEDIA_NO_AUDIO', 'The source has no audio track: there is nothing to hear', 'Give a recording with sound.');
    await decodeSpeech(ctx, { path: inputs.file.path, audio, to: pcmPath, sampleRate, durationUs, progress: (done) => ctx.progress(done * decodingShare) });
    const found = await askSpeechWorker(ctx, 'findSpeech', { pcmPath }, (done) => ctx.progress(decodingShare + done * (1 - decodingShare)));
    const chunks = packChunks(found.islands, found.durationUs, (within) => quietestMoment(found.levels, within));
    // Sound that ends early, or is hardly there, does not make the source shorter.
    const speech: Speech = { schemaVersion: 1, durationUs: Math.max(found.durationUs, durationUs), islands: found.islands, chunks, levels: found.levels };
    return { speech: await ctx.putJson('speech', speech), pcm: await ctx.putFile('speech.pcm', pcmPath) };
  },
});

/** Middle of the quietest 60 ms inside a range. */
function quietestMoment({ hopUs, dbfs }: Speech['levels'], within: Range): number {
  const first = Math.ceil(within.startUs / hopUs) + 1;
  const last = Math.floor(within.endUs / hopUs) - 2;
  let best = first;
  let bestSum = Infinity;
  for (let i = first; i <= last; i++) {
    const sum = (dbfs[i - 1] ?? 0) + (dbfs[i] ?? 0) + (dbfs[i + 1] ?? 0);
    if (sum < bestSum) {
      bestSum = sum;
      best = i;
    }
  }
  return Math.round((best + 0.5) * hopUs);
}
