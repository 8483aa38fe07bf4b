import { createHash } from 'node:crypto';
import type { Range } from '../../artifacts/schemas/common.js';

const blockUs = 1_000_000;

/**
 * The identity of a moment: 16 hex digits that publishing keys on, so that an edited clip is a revision, not a new post.
 *
 * The source's timeline is divided into blocks of 1 s, each with a hash of (source, block); the moment is named by the
 * smallest hash among the blocks whose middle it holds (min-wise hashing, A. Broder 1997). Two ranges of one source then
 * share their name with probability equal to their overlap divided by their union: trimming an edge by 0.3 s of 30 s keeps it
 * 99 times in 100. Moments that do not overlap never share one, which rounding a centre could not promise. The words do not
 * enter, so a corrected or repeated transcription changes nothing. A person's edit that moves a clip further passes the old
 * name on explicitly.
 *
 * @param sourceSha256 content hash of the source
 * @param ranges on the source timeline, at least 1 s in all
 */
export function lineageOf(sourceSha256: string, ranges: readonly Range[]): string {
  let least: string | null = null;
  for (const range of ranges) {
    const first = Math.ceil(range.startUs / blockUs - 0.5);
    const last = Math.max(first, Math.ceil(range.endUs / blockUs - 0.5) - 1);
    for (let block = first; block <= last; block += 1) {
      const hash = createHash('sha256').update(`moment:${sourceSha256}:${block}`).digest('hex');
      if (least === null || hash < least) least = hash;
    }
  }
  if (least === null) throw new RangeError('a moment has at least one range');
  return least.slice(0, 16);
}
