import type { FaceTrack } from '../../../artifacts/schemas/analysis.js';
import type { Range } from '../../../artifacts/schemas/common.js';
import { overlap, type DetectedFace } from './centerface.js';

/** The faces of one sampled picture, in display pixels. */
export interface FaceSampling {
  atUs: number;
  faces: readonly DetectedFace[];
}

type Track = FaceTrack['samples'];

/** A face may be missed for this long without ending its track. */
const bridgeUs = 1_000_000;
/** How far a face may move between samples, as a share of its width, when the boxes no longer overlap. */
const reach = 0.75;
const maxGrowth = 1.8;
/** A track needs one sample as good as this… */
const trackScore = 0.5;
/** …and this many samples, or half of those taken in a shot too short for them. */
const trackSamples = 3;

/**
 * Joins faces of consecutive samples into tracks. Pairs are taken best first (overlap, then nearness); no track crosses a
 * cut. Faces seen once or twice in a long shot are dropped: they are mistakes or passers-by.
 *
 * @param samplings in order of time
 * @param shots contiguous, covering all samplings
 */
export function trackFaces(samplings: readonly FaceSampling[], shots: readonly Range[]): FaceTrack[] {
  const tracks: FaceTrack[] = [];
  for (const [shot, { startUs, endUs }] of shots.entries()) {
    const inside = samplings.filter(({ atUs }) => atUs >= startUs && atUs < endUs);
    const needed = Math.min(trackSamples, Math.ceil(inside.length / 2));
    for (const samples of joinShot(inside)) {
      const best = Math.max(...samples.map(({ score }) => score));
      if (samples.length >= needed && best >= trackScore) tracks.push({ id: tracks.length, shot, samples });
    }
  }
  return tracks;
}

/** A dissolve hides one face and brings another elsewhere; this long around it no sample of a face that goes on is missed. */
const transitionUs = 600_000;

/** Whether a face was followed without interruption through a gradual change. */
export function goesOnAcross(track: FaceTrack, atUs: number): boolean {
  const around = track.samples.filter((sample) => Math.abs(sample.atUs - atUs) <= transitionUs);
  const first = around[0];
  const last = around.at(-1);
  if (!first || !last || last.atUs - first.atUs < 1.5 * transitionUs) return false;
  return around.every(({ score }) => score >= trackScore) && around.every((sample, index) => sample.atUs - (around[index - 1]?.atUs ?? sample.atUs) <= 250_000);
}

function joinShot(samplings: readonly FaceSampling[]): Track[] {
  const tracks: Track[] = [];
  for (const { atUs, faces } of samplings) {
    const open = tracks.filter((track) => atUs - (track.at(-1)?.atUs ?? -Infinity) <= bridgeUs);
    const pairs: { track: Track; face: DetectedFace; closeness: number }[] = [];
    for (const track of open) {
      for (const face of faces) {
        const closeness = closenessTo(track, face);
        if (closeness > 0) pairs.push({ track, face, closeness });
      }
    }
    const takenTracks = new Set<Track>();
    const takenFaces = new Set<DetectedFace>();
    for (const { track, face } of pairs.toSorted((a, b) => b.closeness - a.closeness)) {
      if (takenTracks.has(track) || takenFaces.has(face)) continue;
      takenTracks.add(track);
      takenFaces.add(face);
      track.push(toSample(atUs, face));
    }
    for (const face of faces) if (!takenFaces.has(face)) tracks.push([toSample(atUs, face)]);
  }
  return tracks;
}

/** 1…2 for overlapping faces, 0…1 for near ones, 0 for others. */
function closenessTo(track: Track, face: DetectedFace): number {
  const last = track.at(-1)?.box;
  if (!last) return 0;
  const growth = Math.max(face.height / last.height, last.height / face.height);
  if (growth > maxGrowth) return 0;
  const shared = overlap(last, face);
  if (shared > 0.1) return 1 + shared;
  const dx = last.x + last.width / 2 - face.x - face.width / 2;
  const dy = last.y + last.height / 2 - face.y - face.height / 2;
  const distance = Math.hypot(dx, dy) / Math.max(last.width, face.width);
  return Math.max(0, 1 - distance / reach);
}

function toSample(atUs: number, { score, ...box }: DetectedFace): Track[number] {
  return {
    atUs,
    box: { x: tenth(box.x), y: tenth(box.y), width: tenth(box.width), height: tenth(box.height) },
    score: Math.round(score * 1000) / 1000,
  };
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
