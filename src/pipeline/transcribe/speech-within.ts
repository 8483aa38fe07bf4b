import type { Range } from '../../artifacts/schemas/common.js';

/** How much of `range` is speech, in µs. */
export function speechWithin(islands: readonly Range[], range: Range): number {
  return islands.reduce((sum, island) => sum + Math.max(0, Math.min(island.endUs, range.endUs) - Math.max(island.startUs, range.startUs)), 0);
}
