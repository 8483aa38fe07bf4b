/** Longest phrase, in tokens, whose endless repetition is recognised. */
const longestPeriod = 24;
const shortestRun = 24;
const repeats = 4;

/**
 * Whether the sequence ends in one phrase said over and over: what a decoder does that has lost its place.
 * At least 4 repetitions and 24 items, so that "no, no, no, no" passes.
 */
export function isLooping(items: readonly number[]): boolean {
  for (let period = 1; period <= longestPeriod; period++) {
    const run = Math.max(shortestRun, period * repeats);
    if (run > items.length) continue;
    let same = period;
    while (same < run && items[items.length - 1 - same] === items[items.length - 1 - same + period]) same++;
    if (same >= run) return true;
  }
  return false;
}
