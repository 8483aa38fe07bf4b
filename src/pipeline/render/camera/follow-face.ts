import type { FaceTrack } from '../../../artifacts/schemas/analysis.js';
import type { Box, Range } from '../../../artifacts/schemas/common.js';
import type { Size } from './crop-size.js';
import { smoothPath, type Corridor } from './smooth-path.js';
import { median, samplesWithin } from './subjects.js';

/** Where the crop's top left corner is at an instant of the source. */
export interface Position {
  atUs: number;
  x: number;
  y: number;
}

type Samples = FaceTrack['samples'];

/** Room around a face, as shares of its size: detection is about this exact, and hair and chin want air. */
const air = { side: 0.06, ends: 0.12 };
/** Where the middle of the face belongs in the crop: its centre across, and the eyes on the upper third. */
const aim = { x: 0.5, y: 0.38 };
/** How far from there it may be, as a share of the crop: while the camera holds still, and while it follows. */
const ease = { still: 0.25, moving: 0.18 };
/** How much of a large face's movement is detection's own, as a share of the crop: no reason to move. */
const tremble = 0.03;
/** A rest is kept for the sake of this much, as a share of the crop. */
const forgiven = 0.02;
/** The path is decided at this many points a second. */
const stepUs = 200_000;
/** A sample further away than this says nothing about a step. */
const silentUs = 600_000;
/** Keys closer than this to the line between their neighbours are left out, in pixels. */
const straightPixels = 0.75;

/**
 * How the crop follows one face through a stretch of a shot: at rest where a fixed crop keeps the face all the time, else on
 * the L1-optimal path. Samples that leap away for one moment are mistakes and are evened out; where the face is not seen
 * the camera goes on undisturbed.
 *
 * @returns one position for a camera at rest, else at least two in order of time, from the stretch's start to its end
 */
export function followFace(track: FaceTrack, stretch: Range, crop: Size, picture: Size): Position[] {
  const samples = withoutLeaps(samplesFor(track, stretch));
  const still = holdStill(samples, crop, picture);
  if (still) return [{ atUs: stretch.startUs, ...still }];
  return moving(samples, stretch, crop, picture);
}

/** The fixed corner that keeps the face comfortably inside in every sample; undefined when there is none. */
export function holdStill(samples: Samples, crop: Size, picture: Size): { x: number; y: number } | undefined {
  const x = restingPlace(samples.map(({ box }) => allowedAcross(box, crop, picture, ease.still)), crop.width);
  const y = restingPlace(samples.map(({ box }) => allowedDown(box, crop, picture, ease.still)), crop.height);
  if (x === undefined || y === undefined) return undefined;
  return { x: evenWithin(x, picture.width - crop.width), y: evenWithin(y, picture.height - crop.height) };
}

/** The samples a stretch is framed by: those inside it, or the nearest one when it is too short to hold any. */
export function samplesFor(track: FaceTrack, stretch: Range): Samples {
  const inside = samplesWithin(track, stretch);
  if (inside.length > 0) return inside;
  const middle = (stretch.startUs + stretch.endUs) / 2;
  return track.samples.toSorted((a, b) => Math.abs(a.atUs - middle) - Math.abs(b.atUs - middle)).slice(0, 1);
}

/** Each box as the median of itself and its neighbours, side by side of it. */
export function withoutLeaps(samples: Samples): Samples {
  return samples.map((sample, index) => {
    const three = samples.slice(Math.max(0, index - 1), index + 2).map(({ box }) => box);
    if (three.length < 3) return sample;
    const side = (of: (box: Box) => number): number => median(three.map(of));
    return { ...sample, box: { x: side((box) => box.x), y: side((box) => box.y), width: side((box) => box.width), height: side((box) => box.height) } };
  });
}

/** Whether a face is so large that no crop could hold it. */
export function isTooLarge(samples: Samples, crop: Size): boolean {
  return median(samples.map(({ box }) => Math.max(box.width / crop.width, box.height / crop.height))) > 1.1;
}

interface Allowed {
  low: number;
  high: number;
  /** The position that puts the face exactly where it belongs. */
  best: number;
}

function allowedAcross(face: Box, crop: Size, picture: Size, slack: number): Allowed {
  const room = Math.max(0, Math.min(face.width * air.side, (crop.width - face.width) / 4));
  const best = face.x + face.width / 2 - crop.width * aim.x;
  return allowed(face.x - room, face.x + face.width + room, best, crop.width, picture.width, slack);
}

function allowedDown(face: Box, crop: Size, picture: Size, slack: number): Allowed {
  const room = Math.max(0, Math.min(face.height * air.ends, (crop.height - face.height) / 4));
  const best = face.y + face.height / 2 - crop.height * aim.y;
  return allowed(face.y - room, face.y + face.height + room, best, crop.height, picture.height, slack);
}

/** Positions of the crop along one axis that hold `from`…`to` and stay within `slack` of the best, inside the picture. */
function allowed(from: number, to: number, best: number, crop: number, picture: number, slack: number): Allowed {
  let low = Math.max(to - crop, best - slack * crop);
  let high = Math.min(from, best + slack * crop);
  // As much face as crop, or more: its middle is what can be kept, but not to the pixel.
  if (high - low < 2 * tremble * crop) {
    const middle = (low + high) / 2;
    low = middle - tremble * crop;
    high = middle + tremble * crop;
  }
  const limit = picture - crop;
  return { low: clamp(low, 0, limit), high: clamp(high, 0, limit), best: clamp(best, 0, limit) };
}

/** The place nearest to the usual best one that all samples allow, but for some of the air around the face. */
function restingPlace(samples: readonly Allowed[], crop: number): number | undefined {
  const low = Math.max(...samples.map((sample) => sample.low));
  const high = Math.min(...samples.map((sample) => sample.high));
  if (low > high) return low - high <= forgiven * crop ? (low + high) / 2 : undefined;
  return clamp(median(samples.map(({ best }) => best)), low, high);
}

function moving(samples: Samples, stretch: Range, crop: Size, picture: Size): Position[] {
  const steps = Math.max(2, Math.ceil((stretch.endUs - stretch.startUs) / stepUs) + 1);
  const times = Array.from({ length: steps }, (_, step) => Math.min(stretch.startUs + step * stepUs, stretch.endUs));
  const across = smoothPath(corridor(samples, times, (face) => allowedAcross(face, crop, picture, ease.moving), picture.width - crop.width), crop.width);
  const down = smoothPath(corridor(samples, times, (face) => allowedDown(face, crop, picture, ease.moving), picture.height - crop.height), crop.height);
  const positions = times.map((atUs, step) => ({
    atUs,
    x: hundredth(clamp(across[step] ?? 0, 0, picture.width - crop.width)),
    y: hundredth(clamp(down[step] ?? 0, 0, picture.height - crop.height)),
  }));
  return straighten(positions);
}

/** What is allowed at each time: between two samples what lies between, far from any sample everything. */
function corridor(samples: Samples, times: readonly number[], allow: (face: Box) => Allowed, limit: number): Corridor {
  const low = new Float64Array(times.length);
  const high = new Float64Array(times.length).fill(Math.max(0, limit));
  for (const [step, atUs] of times.entries()) {
    const after = samples.findIndex((sample) => sample.atUs >= atUs);
    const next = after < 0 ? undefined : samples[after];
    const last = after < 0 ? samples.at(-1) : samples[after - 1];
    const near = [last, next].filter((sample) => sample !== undefined && Math.abs(sample.atUs - atUs) <= silentUs);
    const [first, second] = near.map((sample) => ({ atUs: sample?.atUs ?? atUs, ...allow(sample?.box ?? { x: 0, y: 0, width: 0, height: 0 }) }));
    if (!first) continue;
    const share = second && second.atUs > first.atUs ? (atUs - first.atUs) / (second.atUs - first.atUs) : 0;
    low[step] = first.low + share * ((second ?? first).low - first.low);
    high[step] = first.high + share * ((second ?? first).high - first.high);
  }
  return { low, high };
}

/** Leaves out positions that lie on the line between others (Ramer, Douglas, Peucker). Ends stay. */
function straighten(positions: readonly Position[]): Position[] {
  const first = positions[0];
  const last = positions.at(-1);
  if (!first || !last || positions.length < 3) return [...positions];
  let worst = 0;
  let worstAt = 0;
  for (const [index, position] of positions.entries()) {
    const share = (position.atUs - first.atUs) / (last.atUs - first.atUs);
    const off = Math.max(Math.abs(first.x + share * (last.x - first.x) - position.x), Math.abs(first.y + share * (last.y - first.y) - position.y));
    if (off > worst) {
      worst = off;
      worstAt = index;
    }
  }
  if (worst <= straightPixels) return [first, last];
  return [...straighten(positions.slice(0, worstAt + 1)).slice(0, -1), ...straighten(positions.slice(worstAt))];
}

function evenWithin(value: number, limit: number): number {
  return clamp(2 * Math.round(value / 2), 0, 2 * Math.floor(limit / 2));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(low, high), Math.max(low, value));
}

function hundredth(value: number): number {
  return Math.round(value * 100) / 100;
}
