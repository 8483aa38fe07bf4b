/** Bytes `startByte` up to, not with, `endByte` of a file. */
export interface ByteRange {
  startByte: number;
  endByte: number;
}

/** A file known by its content, of which only some bytes are wanted. */
export interface FilePart {
  sha256: string;
  /** Of the whole file. */
  sizeBytes: number;
  /** In order, apart from each other, not empty. All of the file: one range. */
  ranges: readonly ByteRange[];
}

export function bytesIn(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, { startByte, endByte }) => sum + endByte - startByte, 0);
}

/** In order and apart: ranges that touch, overlap or lie closer than `gapBytes` become one; empty ones go. */
export function joined(ranges: readonly ByteRange[], gapBytes = 0): ByteRange[] {
  const result: ByteRange[] = [];
  for (const { startByte, endByte } of ranges.filter((range) => range.endByte > range.startByte).toSorted((a, b) => a.startByte - b.startByte)) {
    const last = result.at(-1);
    if (last && startByte <= last.endByte + gapBytes) last.endByte = Math.max(last.endByte, endByte);
    else result.push({ startByte, endByte });
  }
  return result;
}

/** What of `wanted` is not in `had`. */
export function without(wanted: readonly ByteRange[], had: readonly ByteRange[]): ByteRange[] {
  let left = joined(wanted);
  for (const { startByte, endByte } of joined(had)) {
    left = left.flatMap((range) => [
      { startByte: range.startByte, endByte: Math.min(range.endByte, startByte) },
      { startByte: Math.max(range.startByte, endByte), endByte: range.endByte },
    ]).filter((range) => range.endByte > range.startByte);
  }
  return left;
}
