import type { ClipPiece } from '../../media/timeline.js';

/** A stretch of the source that is decoded once, with the pieces of the clip that are taken from it, in order of the clip and of the source. */
export interface Reading {
  /** Absolute. */
  path: string;
  /** Source time at which decoding is to begin, some time before the first piece. */
  seekUs: number;
  /** Source time after which nothing is needed. */
  endUs: number;
  pieces: readonly [ClipPiece, ...ClipPiece[]];
}

export interface ReadingLimits {
  /** Read on over gaps up to this long: less work than to begin anew. */
  gapUs: number;
  /** How much earlier than a piece to begin. */
  leadUs: (startUs: number) => number;
  /** How much to read past the end of a piece. */
  tailUs: number;
  /** How much the filters of a piece take, and how much those of a reading of several may. */
  weightOf: (piece: ClipPiece) => number;
  mostWeight: number;
}

/**
 * Groups the pieces of a clip, in playing order, into as few readings as fit: neighbours that follow each other in the source with a
 * small gap are read together. A piece that lies earlier in the source than the one before it begins a reading of its own, so nothing that
 * was decoded ever has to wait for its turn: memory does not grow with the number of pieces.
 */
export function planReadings(path: string, pieces: readonly ClipPiece[], limits: ReadingLimits): Reading[] {
  const groups: [ClipPiece, ...ClipPiece[]][] = [];
  let weight = 0;
  for (const piece of pieces) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    const gapUs = last ? piece.startUs - last.endUs : -1;
    const own = limits.weightOf(piece);
    if (group && gapUs >= 0 && gapUs <= limits.gapUs && weight + own <= limits.mostWeight) {
      group.push(piece);
      weight += own;
    } else {
      groups.push([piece]);
      weight = own;
    }
  }
  return groups.map((group) => ({
    path,
    seekUs: group[0].startUs - limits.leadUs(group[0].startUs),
    endUs: (group.at(-1) ?? group[0]).endUs + limits.tailUs,
    pieces: group,
  }));
}
