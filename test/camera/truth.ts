import { readFileSync } from 'node:fs';
import type { Camera } from '../../src/artifacts/schemas/clip.js';
import type { Box, Range } from '../../src/artifacts/schemas/common.js';

interface FixtureTruth {
  cuts: { frame: number; type: string }[];
  faces_every_6_frames: { t: number; faces: { id: string; box: [number, number, number, number] }[] }[];
}

export interface TrueFaces {
  atUs: number;
  faces: { id: string; box: Box }[];
}

/** What is true of a sample video of fixtures/. */
export function truthOf(name: string): { cutFrames: number[]; faces: TrueFaces[] } {
  const truth = JSON.parse(readFileSync(`fixtures/${name}.truth.json`, 'utf8')) as FixtureTruth;
  return {
    cutFrames: truth.cuts.filter(({ type }) => type === 'cut').map(({ frame }) => frame),
    faces: truth.faces_every_6_frames.map(({ t, faces }) => ({
      atUs: Math.round(t * 1e6),
      faces: faces.map(({ id, box: [x, y, width, height] }) => ({ id, box: { x, y, width, height } })),
    })),
  };
}

/** The crop shown at a time of the clip; undefined where the whole picture is shown. */
export function cropAt(camera: Camera, clipUs: number): Box | undefined {
  const shot = camera.shots.find(({ startUs, endUs }) => clipUs >= startUs && clipUs < endUs);
  if (!shot || shot.mode === 'fit') return undefined;
  const after = shot.keys.findIndex(({ atUs }) => atUs >= clipUs);
  const next = shot.keys[after] ?? shot.keys.at(-1);
  const last = shot.keys[after - 1] ?? next;
  if (!next || !last) throw new Error('a crop without keys');
  const share = last === next || after < 1 ? 0 : (clipUs - last.atUs) / (next.atUs - last.atUs);
  return { ...last.box, x: last.box.x + share * (next.box.x - last.box.x), y: last.box.y + share * (next.box.y - last.box.y) };
}

export function holds(outer: Box, inner: Box): boolean {
  return inner.x >= outer.x && inner.y >= outer.y && inner.x + inner.width <= outer.x + outer.width && inner.y + inner.height <= outer.y + outer.height;
}

/** Of the true samples of a range that show a host or guest: how many have one such face wholly in the crop, or a crop at all. */
export function countFramed(camera: Camera, faces: readonly TrueFaces[], range: Range): { samples: number; inside: number; cropped: number } {
  const counts = { samples: 0, inside: 0, cropped: 0 };
  for (const sample of faces) {
    // A sample's frame begins at its time, which is rounded.
    const clipUs = sample.atUs + 5_000 - range.startUs;
    const people = sample.faces.filter(({ id }) => id === 'host' || id === 'guest');
    if (clipUs < 0 || sample.atUs >= range.endUs - 5_000 || people.length === 0) continue;
    counts.samples++;
    const crop = cropAt(camera, clipUs);
    if (crop) counts.cropped++;
    if (crop === undefined || people.some(({ box }) => holds(crop, box))) counts.inside++;
  }
  return counts;
}
