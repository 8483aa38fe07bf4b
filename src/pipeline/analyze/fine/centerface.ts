/** One found face in the coordinates of the picture that was given to the detector. */
export interface DetectedFace {
  x: number;
  y: number;
  width: number;
  height: number;
  /** 0…1. */
  score: number;
}

/** CenterFace's output maps, each `channels × mapHeight × mapWidth` at a quarter of the input's size. */
export interface CenterFaceMaps {
  /** 1 channel: how likely a face's centre lies in this cell. */
  heat: Float32Array;
  /** 2 channels: logarithm of the face's height and width in cells. */
  scale: Float32Array;
  /** 2 channels: where in the cell the centre lies, down and to the right. */
  offset: Float32Array;
  mapWidth: number;
  mapHeight: number;
}

const cellPixels = 4;

/** The network's input sizes are multiples of this. */
export const centerFaceMultiple = 32;

/**
 * Faces from CenterFace's maps (Xu, Yan, Sun, Yang, Luo: "CenterFace: Joint Face Detection and Alignment Using Face as
 * Point", 2019), best first, overlapping ones removed.
 */
export function decodeCenterFace(maps: CenterFaceMaps, minScore: number): DetectedFace[] {
  const cells = maps.mapWidth * maps.mapHeight;
  const found: DetectedFace[] = [];
  for (let cell = 0; cell < cells; cell++) {
    const score = maps.heat[cell] ?? 0;
    if (score < minScore) continue;
    const row = Math.floor(cell / maps.mapWidth);
    const column = cell % maps.mapWidth;
    const height = Math.exp(maps.scale[cell] ?? 0) * cellPixels;
    const width = Math.exp(maps.scale[cells + cell] ?? 0) * cellPixels;
    const centerY = (row + (maps.offset[cell] ?? 0) + 0.5) * cellPixels;
    const centerX = (column + (maps.offset[cells + cell] ?? 0) + 0.5) * cellPixels;
    found.push({ x: centerX - width / 2, y: centerY - height / 2, width, height, score });
  }
  return suppressOverlaps(found, 0.3);
}

/** Greedy non-maximum suppression: of faces that overlap more than `maxOverlap` (IoU) the best stays. */
function suppressOverlaps(faces: readonly DetectedFace[], maxOverlap: number): DetectedFace[] {
  const kept: DetectedFace[] = [];
  for (const face of faces.toSorted((a, b) => b.score - a.score)) {
    if (kept.every((other) => overlap(face, other) <= maxOverlap)) kept.push(face);
  }
  return kept;
}

/** Intersection over union of two rectangles, 0…1. */
export function overlap(a: Omit<DetectedFace, 'score'>, b: Omit<DetectedFace, 'score'>): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (a.width * a.height + b.width * b.height - shared);
}
