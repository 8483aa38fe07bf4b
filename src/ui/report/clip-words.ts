import type { Clip } from '../../artifacts/schemas/clip.js';
import type { Range } from '../../artifacts/schemas/common.js';
import type { Word } from '../../artifacts/schemas/speech.js';
import type { ManifestClip, ReportInput } from './input.js';

/** A word as the report shows it; times in µs on the clip. */
export interface ClipWord {
  text: string;
  spaceBefore: boolean;
  startUs: number;
  endUs: number;
  confidence: number;
  doubtful: boolean;
}

/** The words of a clip: those its captions show, or those of the transcript inside its ranges. */
export function clipWords(clip: ManifestClip, input: ReportInput): ClipWord[] {
  const receipts = clip.outputs.flatMap((output) => input.receipts.filter((receipt) => receipt.path === output.path));
  const cues = receipts.find((receipt) => receipt.cues)?.cues;
  const placed = cues ? cues.words.map((word) => ({ word, onClip: word })) : placeOnClip(input.words, clip.ranges);
  const doubtful = new Set(receipts.flatMap((receipt) => receipt.clip.doubtfulWords).map(keyOf));
  return placed.map(({ word, onClip }) => ({
    text: word.text,
    spaceBefore: word.spaceBefore,
    startUs: onClip.startUs,
    endUs: onClip.endUs,
    confidence: word.confidence,
    // Receipts name a word by text and start, on the clip or on the source.
    doubtful: doubtful.has(keyOf({ text: word.text, startUs: word.startUs })) || doubtful.has(keyOf({ text: word.text, startUs: onClip.startUs })),
  }));
}

function keyOf({ text, startUs }: Pick<Clip['doubtfulWords'][number], 'text' | 'startUs'>): string {
  return `${startUs} ${text}`;
}

/** Words of the source inside the ranges, in time on the clip that plays the ranges one after the other. */
function placeOnClip(words: readonly Word[], ranges: readonly Range[]): { word: Word; onClip: Range }[] {
  const placed: { word: Word; onClip: Range }[] = [];
  let offsetUs = 0;
  for (const range of ranges) {
    const toClip = (us: number): number => offsetUs + Math.min(Math.max(us, range.startUs), range.endUs) - range.startUs;
    for (const word of words) {
      if (word.endUs <= range.startUs || word.startUs >= range.endUs) continue;
      placed.push({ word, onClip: { startUs: toClip(word.startUs), endUs: toClip(word.endUs) } });
    }
    offsetUs += range.endUs - range.startUs;
  }
  return placed;
}
