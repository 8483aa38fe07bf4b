import { readFileSync } from 'node:fs';
import type { Camera } from '../../src/artifacts/schemas/clip.js';
import type { Manifest } from '../../src/artifacts/schemas/manifest.js';
import { fixture } from '../wrong-inputs/run-snvg.js';

interface TruthUtterance {
  id: string;
  speaker: string;
  text: string;
  start: number;
  end: number;
  words: { w: string; s: number; e: number }[] | null;
}

export interface Truth {
  text: string;
  utterances: TruthUtterance[];
  faces_every_6_frames: { t: number; faces: { id: string; box: [number, number, number, number] }[] }[];
}

export function truthOf(name: string): Truth {
  return JSON.parse(readFileSync(fixture(`${name}.truth.json`), 'utf8')) as Truth;
}

export interface Span {
  start: number;
  end: number;
}

/** In and out points of every clip, in seconds. */
export function spansOf(manifest: Manifest): Span[] {
  return manifest.clips.flatMap((clip) => clip.ranges.map(({ startUs, endUs }) => ({ start: startUs / 1e6, end: endUs / 1e6 })));
}

/** Cuts that lie further than `toleranceSeconds` inside a spoken word (or, without word times, inside an utterance). */
export function cutsInsideWords(spans: readonly Span[], truth: Truth, toleranceSeconds: number): string[] {
  const spoken = truth.utterances.flatMap((utterance) => (utterance.words ? utterance.words.map((word) => ({ text: word.w, start: word.s, end: word.e })) : [{ text: utterance.id, start: utterance.start, end: utterance.end }]));
  return spans
    .flatMap(({ start, end }) => [start, end])
    .flatMap((cut) => spoken.filter((word) => cut - word.start > toleranceSeconds && word.end - cut > toleranceSeconds).map((word) => `${cut} inside ${word.text} (${word.start}-${word.end})`));
}

/** Starts and ends of spoken sentences, from the truth's words and the punctuation of its text. */
function sentenceEdges(truth: Truth): { starts: number[]; ends: number[] } {
  const starts: number[] = [];
  const ends: number[] = [];
  for (const utterance of truth.utterances) {
    starts.push(utterance.start);
    ends.push(utterance.end);
    if (!utterance.words) continue;
    const texts = utterance.text.split(/\s+/);
    if (texts.length !== utterance.words.length) continue;
    for (const [index, text] of texts.entries()) {
      const next = utterance.words[index + 1];
      const word = utterance.words[index];
      if (!next || !word || !/[.?!…]$/.test(text) || /^(Mr|Mrs|Dr)\.$/.test(text)) continue;
      ends.push(word.e);
      starts.push(next.s);
    }
  }
  return { starts, ends };
}

/** Clips whose first word begins, and last word ends, on a sentence edge: speech inside the clip is compared, not its silent margins. */
export function onSentenceEdges(spans: readonly Span[], truth: Truth, toleranceSeconds: number): boolean[] {
  const { starts, ends } = sentenceEdges(truth);
  const near = (time: number, edges: readonly number[]): boolean => edges.some((edge) => Math.abs(edge - time) <= toleranceSeconds);
  return spans.map((span) => {
    // A clip may lie a little before its first word and after its last: the nearest edge within the margin is what counts.
    const firstStart = starts.filter((start) => start >= span.start - toleranceSeconds).toSorted((a, b) => a - b)[0] ?? Infinity;
    const lastEnd = ends.filter((end) => end <= span.end + toleranceSeconds).toSorted((a, b) => b - a)[0] ?? -Infinity;
    const speechBefore = truth.utterances.flatMap((utterance) => utterance.words ?? []).some((word) => word.s >= span.start - toleranceSeconds && word.s < firstStart - 0.05);
    const speechAfter = truth.utterances.flatMap((utterance) => utterance.words ?? []).some((word) => word.e <= span.end + toleranceSeconds && word.e > lastEnd + 0.05);
    return near(firstStart, starts) && near(lastEnd, ends) && !speechBefore && !speechAfter;
  });
}

export interface FaceFraming {
  samples: number;
  /** Samples in which one host or guest face lies wholly inside what is shown. */
  inside: number;
  /** Samples shown as a crop. */
  cropped: number;
}

/** Holds the camera of each clip against the truth's face boxes of hosts and guests. */
export function framingOf(clips: readonly { span: Span; camera: Camera; width: number; height: number }[], truth: Truth): FaceFraming {
  const framing = { samples: 0, inside: 0, cropped: 0 };
  for (const { span, camera, width, height } of clips) {
    for (const sample of truth.faces_every_6_frames) {
      const people = sample.faces.filter((face) => face.id === 'host' || face.id === 'guest');
      if (people.length === 0 || sample.t < span.start || sample.t >= span.end) continue;
      const atUs = Math.round((sample.t - span.start) * 1e6);
      const shot = camera.shots.find((one) => atUs >= one.startUs && atUs < one.endUs) ?? camera.shots.at(-1);
      if (!shot) continue;
      framing.samples += 1;
      if (shot.mode === 'crop') framing.cropped += 1;
      const shown = shot.mode === 'fit' ? { x: 0, y: 0, width, height } : boxAt(shot.keys, atUs);
      if (people.some(({ box: [x, y, w, h] }) => x >= shown.x && y >= shown.y && x + w <= shown.x + shown.width && y + h <= shown.y + shown.height)) framing.inside += 1;
    }
  }
  return framing;
}

function boxAt(keys: Camera['shots'][number]['keys'], atUs: number): Camera['shots'][number]['keys'][number]['box'] {
  const after = keys.findIndex((key) => key.atUs > atUs);
  const last = keys.at(-1);
  if (!last) throw new Error('a crop without a key');
  if (after === -1) return last.box;
  const next = keys[after] ?? last;
  const before = keys[after - 1] ?? next;
  const share = next.atUs === before.atUs ? 0 : (atUs - before.atUs) / (next.atUs - before.atUs);
  const mix = (a: number, b: number): number => a + (b - a) * share;
  return { x: mix(before.box.x, next.box.x), y: mix(before.box.y, next.box.y), width: mix(before.box.width, next.box.width), height: mix(before.box.height, next.box.height) };
}
