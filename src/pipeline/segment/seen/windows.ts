import type { SeenLimits, SeenWindow, View } from './view.js';

/** Within a shot, a clip may begin this far apart. */
const stepUs = 5_000_000;
/** What people watch to the end, as in `length`: a window that ends at no border is this long where the limits allow. */
const idealUs = 30_000_000;
/** Endings tried of each beginning, the earliest ones. */
const mostEndings = 12;

/**
 * All windows within the limits: they begin where a shot does, or at even steps inside a long one, and end where a shot does,
 * at the ideal length, or at the end of the source. In order of time.
 */
export function seenWindows(view: View, { minLengthUs, maxLengthUs }: SeenLimits): SeenWindow[] {
  const { shots, durationUs, frameUs } = view;
  const borders = [...new Set([0, ...shots.map(({ startUs }) => startUs), durationUs])].toSorted((a, b) => a - b);
  const isBorder = new Set(borders);
  // One frame is kept from each limit, where there is room: the renderer moves cuts onto the frame grid.
  const least = Math.min(minLengthUs + frameUs, durationUs, Math.max(minLengthUs, maxLengthUs - frameUs));
  const most = Math.max(least, maxLengthUs - frameUs);
  const starts = borders.slice(0, -1).flatMap((startUs, n) => {
    const steps = Math.floor(((borders[n + 1] ?? durationUs) - startUs - 1) / stepUs);
    return Array.from({ length: Math.max(0, steps) + 1 }, (_, step) => startUs + step * stepUs);
  });
  // A last one that reaches the end: a source hardly longer than a clip has no other beginning near it.
  if (durationUs > least) starts.push(durationUs - least);
  return [...new Set(starts)].toSorted((a, b) => a - b).flatMap((startUs) => {
    const atBorders = borders.filter((border) => border >= startUs + least && border <= startUs + most).slice(0, mostEndings);
    const ideal = Math.min(durationUs, startUs + Math.min(most, Math.max(least, idealUs)));
    const ends = new Set([...atBorders, ...(ideal >= startUs + least ? [ideal] : [])]);
    return [...ends].toSorted((a, b) => a - b).map((endUs): SeenWindow => ({ startUs, endUs, startsShot: isBorder.has(startUs), endsShot: isBorder.has(endUs) }));
  });
}
