import type { Box } from '../../../artifacts/schemas/common.js';

/** One found face, chin to forehead and ear to ear, in the coordinates of the picture that was given to the detector. */
export interface DetectedFace extends Box {
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
  /** 10 channels: eyes, nose and mouth corners, down and right in turn, as shares of the face's size. */
  landmarks: Float32Array;
  mapWidth: number;
  mapHeight: number;
}

const cellPixels = 4;

/** The network's input sizes are multiples of this. */
export const centerFaceMultiple = 32;

/** The nose's channel among the landmarks that gives its distance from the left edge. */
const noseAcross = 5;

/**
 * Faces from CenterFace's maps (Xu, Yan, Sun, Yang, Luo: "CenterFace: Joint Face Detection and Alignment Using Face as
 * Point", 2019), best first, overlapping ones removed.
 */
export function decodeCenterFace(maps: CenterFaceMaps, minScore: number): DetectedFace[] {
  const cells = maps.mapWidth * maps.mapHeight;
  const found: (DetectedFace & { nose: number })[] = [];
  for (let cell = 0; cell < cells; cell++) {
    const score = maps.heat[cell] ?? 0;
    if (score < minScore) continue;
    const row = Math.floor(cell / maps.mapWidth);
    const column = cell % maps.mapWidth;
    const height = Math.exp(maps.scale[cell] ?? 0) * cellPixels;
    const width = Math.exp(maps.scale[cells + cell] ?? 0) * cellPixels;
    const centerY = (row + (maps.offset[cell] ?? 0) + 0.5) * cellPixels;
    const centerX = (column + (maps.offset[cells + cell] ?? 0) + 0.5) * cellPixels;
    const nose = maps.landmarks[noseAcross * cells + cell] ?? 0.5;
    found.push({ x: centerX - width / 2, y: centerY - height / 2, width, height, score, nose });
  }
  return suppressOverlaps(found, 0.3).map(earToEar);
}

/**
 * The network boxes the face proper; of a turned head it leaves out the ear that is seen. How far the nose lies from the
 * middle tells how far the head is turned. The line was fitted to the sample talks' true boxes: error 2 % of the width.
 */
function earToEar(face: DetectedFace & { nose: number }): DetectedFace {
  const { x, y, width, height, score } = face;
  const turn = face.nose - 0.5;
  const left = width * clamp(0.1 + 0.6 * turn, 0.02, 0.35);
  const right = width * clamp(0.1 - 0.6 * turn, 0.02, 0.35);
  return { x: x - left, y, width: width + left + right, height, score };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** Greedy non-maximum suppression: of faces that overlap more than `maxOverlap` (IoU) the best stays. */
function suppressOverlaps<F extends DetectedFace>(faces: readonly F[], maxOverlap: number): F[] {
  const kept: F[] = [];
  for (const face of faces.toSorted((a, b) => b.score - a.score)) {
    if (kept.every((other) => overlap(face, other) <= maxOverlap)) kept.push(face);
  }
  return kept;
}

/** Intersection over union of two rectangles, 0…1. */
export function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (a.width * a.height + b.width * b.height - shared);
}
