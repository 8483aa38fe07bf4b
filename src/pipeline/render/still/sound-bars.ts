import type { PixelBox } from '../../../captions/safe-area.js';
import { barGapPx, barPitchPx } from './still-layout.js';

/** Bars are drawn this many times smaller and scaled up: a minute of them takes some MB, not hundreds. */
export const barScale = 4;
/** What the longest bar stands for, and the shortest; decibels relative to full scale of a sound levelled for clips. */
const loudestDb = -5;
const quietestDb = -40;
/** Above 1, loud and soft syllables differ more. */
const contrast = 1.7;
/** A bar never quite disappears. In small pixels. */
const leastPx = 1.5;
/** A bar falls at most this much a frame, so that the picture breathes with the voice and does not flicker. */
const fallDb = 1.6;
/** Frames by which each bar lags behind its inner neighbour: sound runs outward from the middle. */
const lagFrames = 2;
/** Opacity at the outer end. */
const outerShare = 0.35;

/** Loudness of each frame's stretch of sound, 0…1. `samples` are mono. */
export function frameLevels(samples: Int16Array, sampleRate: number, fps: { num: number; den: number }, frames: number): Float64Array {
  const levels = new Float64Array(frames);
  let held = quietestDb;
  for (let frame = 0; frame < frames; frame += 1) {
    const from = Math.floor((frame * fps.den * sampleRate) / fps.num);
    const to = Math.min(samples.length, Math.floor(((frame + 1) * fps.den * sampleRate) / fps.num));
    let sum = 0;
    for (let at = from; at < to; at += 1) sum += (samples[at] ?? 0) ** 2;
    const db = to > from ? 10 * Math.log10(sum / (to - from) / 0x8000 ** 2 + 1e-12) : quietestDb;
    held = Math.max(db, held - fallDb, quietestDb);
    levels[frame] = Math.min(1, (held - quietestDb) / (loudestDb - quietestDb)) ** contrast;
  }
  return levels;
}

/**
 * Draws one frame of bars as opacity, 0…255, `barScale` times smaller than `box`: the middle bar shows the sound of this frame, those
 * to either side what was heard a little before. Bars grow up and down from the middle line.
 */
export function drawBars(levels: Float64Array, frame: number, box: Pick<PixelBox, 'width' | 'height'>): Uint8Array {
  const width = box.width / barScale;
  const height = box.height / barScale;
  const pixels = new Uint8Array(width * height);
  const bars = (box.width + barGapPx) / barPitchPx;
  const middle = (bars - 1) / 2;
  for (let bar = 0; bar < bars; bar += 1) {
    const distance = Math.abs(bar - middle);
    const level = levels[frame - distance * lagFrames] ?? 0;
    const half = Math.max(leastPx, (level * height) / 2);
    const opacity = 255 * (1 - ((1 - outerShare) * distance) / Math.max(1, middle));
    const left = (bar * barPitchPx) / barScale;
    for (let y = 0; y < height; y += 1) {
      // The end of a bar covers part of a small pixel: it moves smoothly.
      const covered = Math.min(1, Math.max(0, half - Math.abs(y + 0.5 - height / 2) + 0.5));
      pixels.fill(Math.round(opacity * covered), y * width + left, y * width + left + (barPitchPx - barGapPx) / barScale);
    }
  }
  return pixels;
}
