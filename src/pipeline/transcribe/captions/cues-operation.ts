import { join } from 'node:path';
import { z } from 'zod';
import type { ArtifactRef } from '../../../artifacts/kinds.js';
import type { Cue } from '../../../captions/cue.js';
import { parseSrt } from '../../../captions/parse-srt.js';
import { parseVtt } from '../../../captions/parse-vtt.js';
import { SnvgError } from '../../../errors.js';
import { runFfmpeg, type MediaHost } from '../../../media/ffmpeg.js';
import { buildSentences } from '../../../text/sentences.js';
import { defineOperation, type FileRef } from '../../stage.js';
import { largestBytes, readCaptionText } from './caption-text.js';
import { cueWords } from './cue-words.js';

/** Takes the words from captions that have times for whole cues only; asked for with --use-captions. */
export const cuesOperation = defineOperation({
  id: 'transcribe.cues',
  stage: 'transcribe',
  version: 2,
  params: z.object({ name: z.string(), language: z.string(), streamIndex: z.int().nonnegative().nullable() }),
  outputs: { transcript: 'transcript' },
  tools: ['ffmpeg'],
  slots: 1,
  /** `captions` is the caption file, or the source itself when `streamIndex` names a track in it. */
  async run(inputs: { captions: FileRef; speech: ArtifactRef<'speech'> }, ctx) {
    const { name, language, streamIndex } = ctx.params;
    const { durationUs, islands } = await ctx.read(inputs.speech);
    const { path } = inputs.captions;
    const cues = streamIndex === null ? await readCues(path, name) : await readCues(await extractTrack(ctx, path, streamIndex), name);
    const words = cueWords(cues, islands, language, durationUs);
    if (words.length === 0) throw new SnvgError('CAPTIONS_INVALID', `${name} holds no words within the source's length`, 'Run without --use-captions to have the sound recognised.');
    ctx.notice({
      code: 'CAPTIONS_USED',
      severity: 'info',
      message: `The words come from ${name}; their times inside each caption are estimates`,
      remedy: 'Run without --use-captions to have the sound recognised, with exact word times.',
    });
    return {
      transcript: await ctx.putJson('transcript', { schemaVersion: 1, language, spans: [{ startUs: 0, endUs: durationUs, language }], origin: 'cues', words, sentences: buildSentences(words, language) }),
    };
  },
});

async function readCues(path: string, name: string): Promise<Cue[]> {
  const text = await readCaptionText(path, name, largestBytes.cues);
  return /^\ufeff?WEBVTT/.test(text) ? parseVtt(text, name) : parseSrt(text, name);
}

async function extractTrack(host: MediaHost, sourcePath: string, streamIndex: number): Promise<string> {
  const srtPath = join(host.scratchDir, 'track.srt');
  await runFfmpeg(host, { inputs: [{ path: sourcePath }], outputs: [{ to: srtPath, options: ['-map', `0:${streamIndex}`, '-c:s', 'srt', '-f', 'srt'] }] });
  return srtPath;
}
