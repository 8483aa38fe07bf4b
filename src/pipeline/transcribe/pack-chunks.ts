import type { Range } from '../../artifacts/schemas/common.js';

/** The recogniser's window is 30 s; what is left keeps its end free of speech. */
const longestUs = 28_000_000;
/** A longer silence is not worth hearing and ends a chunk: after it, word times would be drawn into it. */
const longestPauseUs = 2_000_000;
/** Sound kept on either side, at most half the pause: less loses first words, more hears the neighbour. */
const paddingUs = 400_000;

/**
 * Packs islands of speech into chunks of at most 28 s, cut at the longest pause of the chunk's second half: long chunks
 * give the recogniser context, and pauses are where no word is lost. An island longer than a chunk is cut at its
 * quietest moments.
 *
 * @param quietest the best place to cut inside a range that has no pause
 */
export function packChunks(islands: readonly Range[], durationUs: number, quietest: (within: Range) => number): Range[] {
  const pieces = islands.flatMap((island) => cutLong(island, quietest));
  const chunks: Range[] = [];
  for (let first = 0; first < pieces.length; ) {
    const last = lastOfChunk(pieces, first);
    const before = pieces[first - 1];
    const after = pieces[last + 1];
    const start = pieces[first] as Range;
    const end = pieces[last] as Range;
    chunks.push({
      startUs: Math.max(start.startUs - paddingUs, before ? middle(before.endUs, start.startUs) : 0),
      endUs: Math.min(end.endUs + paddingUs, after ? middle(end.endUs, after.startUs) : durationUs),
    });
    first = last + 1;
  }
  return chunks;
}

function lastOfChunk(pieces: readonly Range[], first: number): number {
  const startUs = (pieces[first] as Range).startUs;
  const pauseAfter = (i: number): number => (pieces[i + 1] as Range).startUs - (pieces[i] as Range).endUs;
  const fits = (i: number): boolean => i < pieces.length && (pieces[i] as Range).endUs - startUs <= longestUs && pauseAfter(i - 1) <= longestPauseUs;
  let last = first;
  while (fits(last + 1)) last++;
  if (last + 1 >= pieces.length || pauseAfter(last) > longestPauseUs) return last;
  // Speech goes on: end at the longest pause of the second half, the latest of equals.
  let best = last;
  let bestPause = -1;
  for (let i = first; i <= last; i++) {
    if ((pieces[i] as Range).endUs - startUs < longestUs / 2 || pauseAfter(i) < bestPause) continue;
    bestPause = pauseAfter(i);
    best = i;
  }
  return best;
}

function cutLong(island: Range, quietest: (within: Range) => number): Range[] {
  if (island.endUs - island.startUs <= longestUs) return [island];
  const cutUs = quietest({ startUs: island.startUs + longestUs / 2, endUs: island.startUs + longestUs });
  return [{ startUs: island.startUs, endUs: cutUs }, ...cutLong({ startUs: cutUs, endUs: island.endUs }, quietest)];
}

function middle(aUs: number, bUs: number): number {
  return Math.floor((aUs + bUs) / 2);
}
