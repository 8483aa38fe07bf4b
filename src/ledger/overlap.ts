/** Ranges on a source's timeline, in microseconds. */
export type Span = readonly { startUs: number; endUs: number }[];

/** Whether two moments of one source have at least half of the shorter one in common: people would see the same thing twice. Symmetric. */
export function isSameToPeople(a: Span, b: Span): boolean {
  const [one, other] = [merged(a), merged(b)];
  const shorterUs = Math.min(lengthUs(one), lengthUs(other));
  return shorterUs > 0 && 2 * commonUs(one, other) >= shorterUs;
}

function merged(span: Span): { startUs: number; endUs: number }[] {
  const result: { startUs: number; endUs: number }[] = [];
  for (const { startUs, endUs } of span.filter((range) => range.endUs > range.startUs).toSorted((a, b) => a.startUs - b.startUs)) {
    const last = result.at(-1);
    if (last && startUs <= last.endUs) last.endUs = Math.max(last.endUs, endUs);
    else result.push({ startUs, endUs });
  }
  return result;
}

function lengthUs(span: Span): number {
  return span.reduce((sum, { startUs, endUs }) => sum + endUs - startUs, 0);
}

function commonUs(a: Span, b: Span): number {
  let sum = 0;
  for (const one of a) for (const other of b) sum += Math.max(0, Math.min(one.endUs, other.endUs) - Math.max(one.startUs, other.startUs));
  return sum;
}
