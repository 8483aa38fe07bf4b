import { createHash } from 'node:crypto';
import type { Range } from '../artifacts/schemas/common.js';
import type { Moment } from '../artifacts/schemas/selection.js';
import type { Source } from '../artifacts/schemas/source.js';
import { SnvgError } from '../errors.js';

const time = String.raw`(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d+)?)`;
const cutForm = new RegExp(`^${time}-${time}$`);

/**
 * Reads `12:30-13:05`, `1:02:03.5-1:02:40` or `750.5-785` (seconds).
 * @throws {SnvgError} USAGE
 */
export function parseCut(text: string): Range {
  const match = cutForm.exec(text.trim());
  const range = match && { startUs: toUs(match.slice(1, 4)), endUs: toUs(match.slice(4, 7)) };
  if (!range || range.endUs <= range.startUs) {
    throw new SnvgError('USAGE', `${JSON.stringify(text)} is not a cut: an in and an out point, the in point first`, 'Write it like 12:30-13:05 or 750.5-785.');
  }
  return range;
}

function toUs([hours, minutes, seconds]: (string | undefined)[]): number {
  return Math.round((Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds)) * 1_000_000);
}

/**
 * The moments of cuts given by hand, exactly as they were given.
 * @throws {SnvgError} USAGE when a cut lies outside the source
 */
export function handMoments(cuts: readonly Range[], source: Source): Moment[] {
  return cuts.map((range, index) => {
    if (range.endUs > source.durationUs) {
      throw new SnvgError('USAGE', `The cut ${shown(range.startUs)}-${shown(range.endUs)} ends after the source, which is ${shown(source.durationUs)} s long`, 'Give an earlier out point.');
    }
    const id = createHash('sha256').update(`${source.sha256} ${range.startUs} ${range.endUs}`).digest('hex').slice(0, 16);
    return {
      index: index + 1,
      rank: index + 1,
      candidateId: `hand-${id.slice(0, 8)}`,
      lineage: id,
      ranges: [range],
      title: `${shown(range.startUs)}-${shown(range.endUs)}`,
      description: '',
      hashtags: [],
      score: 0,
      scoreParts: {},
      reason: 'Cut by hand.',
      notices: [],
      edges: { pauseBeforeUs: 0, pauseAfterUs: 0, firstWord: '', lastWord: '' },
    };
  });
}

function shown(us: number): string {
  return String(Math.round(us / 10_000) / 100);
}
