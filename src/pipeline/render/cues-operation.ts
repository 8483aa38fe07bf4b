import { readFile } from 'node:fs/promises';
import type { ArtifactRef } from '../../artifacts/kinds.js';
import type { Word } from '../../artifacts/schemas/speech.js';
import { applyEdits } from '../../captions/apply-edits.js';
import { decodeCaptions } from '../../captions/decode.js';
import { parseSrt } from '../../captions/parse-srt.js';
import { SnvgError } from '../../errors.js';
import { ClipTimeline, frameTimeUs } from '../../media/timeline.js';
import { defineOperation, type FileRef } from '../stage.js';
import { cuesParams, type CuesParams } from './params.js';

/** Captions of the longest clip take some 100 kB. */
const largestEdit = 4_000_000;

interface CuesInputs {
  transcript: ArtifactRef<'transcript'>;
  editedSrt: FileRef | undefined;
  [name: string]: FileRef | ArtifactRef | undefined;
}

/**
 * The words of one clip, on the clip's own time, with a person's corrections. Cheap, and apart from rendering, so that a change
 * of the transcript elsewhere gives the same cues and with them the same clip.
 *
 * @throws {SnvgError} CAPTIONS_INVALID when the edited file cannot be read
 */
export const cuesOperation = defineOperation<CuesParams, CuesInputs, { cues: 'cues' }>({
  id: 'render.cues',
  stage: 'render',
  version: 2,
  params: cuesParams,
  outputs: { cues: 'cues' },
  tools: [],
  slots: 1,
  async run({ transcript: transcriptRef, editedSrt }, ctx) {
    const transcript = await ctx.read(transcriptRef);
    const timeline = new ClipTimeline(ctx.params.ranges, ctx.params.fps);
    const language = transcript.spans.find((span) => span.endUs > (timeline.pieces[0]?.startUs ?? 0))?.language ?? transcript.language;
    const heard = wordsInClip(transcript.words, timeline);
    if (editedSrt && editedSrt.sizeBytes > largestEdit) throw new SnvgError('CAPTIONS_INVALID', `The edited caption file has ${Math.round(editedSrt.sizeBytes / 1e6)} MB`, 'Restore it from what it was made of, or delete it to have it written anew.');
    const words = editedSrt ? applyEdits(heard, parseSrt(decodeCaptions(await readFile(editedSrt.path), 'The edited caption file'), 'The edited caption file'), language) : heard;
    const cues = await ctx.putJson('cues', {
      schemaVersion: 1,
      language,
      durationUs: timeline.durationUs,
      words: words.map((word) => ({ ...word, startUs: Math.min(word.startUs, timeline.durationUs), endUs: Math.min(word.endUs, timeline.durationUs) })),
      edited: editedSrt !== undefined,
    });
    return { cues };
  },
});

/** Words of which at least half lies in a piece of the clip, cut to it and moved to the clip's time. */
function wordsInClip(words: readonly Word[], timeline: ClipTimeline): Word[] {
  return timeline.pieces.flatMap((piece) => {
    // Not by looking the source time up: the same words may be shown twice.
    const offsetUs = frameTimeUs(piece.firstFrame, timeline.fps) - piece.startUs;
    return words
      .filter(({ startUs, endUs }) => {
        const middleUs = (startUs + endUs) / 2;
        return middleUs >= piece.startUs && middleUs < piece.endUs;
      })
      .map((word) => ({ ...word, startUs: Math.max(word.startUs, piece.startUs) + offsetUs, endUs: Math.min(word.endUs, piece.endUs) + offsetUs }));
  });
}
