import type { AttentionRows } from './decode.js';
import { framesPerSecond } from './whisper-model.js';

/** Frames of the median filter along time. */
const medianWidth = 7;

/**
 * When each token is said, from where the alignment heads look while it is decoded: attention is normalised per frame
 * over the tokens, smoothed along time, averaged over the heads, and the cheapest monotonic path through it is found by
 * dynamic time warping (the method of OpenAI's reference implementation of Whisper).
 *
 * @returns µs from the start of the chunk at which each token starts; one more entry, the end of the last.
 */
export function tokenStartsUs(attention: AttentionRows): number[] {
  // The first row of the path is the last prompt token: while it is fed, the model looks at the first word.
  const path = firstFrames(averageAttention(attention), attention.rows.length - attention.promptRows, attention.frames);
  return Array.from(path, (frame) => (frame * 1e6) / framesPerSecond);
}

/** Rows × frames, rows of the prompt left out; larger where a token is said. */
function averageAttention({ rows, heads, frames, promptRows }: AttentionRows): Float32Array {
  const kept = rows.length - promptRows;
  const average = new Float32Array(kept * frames);
  const head = new Float32Array(rows.length * frames);
  for (let h = 0; h < heads; h++) {
    for (let r = 0; r < rows.length; r++) {
      const row = (rows[r] as Float32Array).subarray(h * frames, (h + 1) * frames);
      let sum = 0;
      for (let t = 0; t < frames; t++) sum += row[t] as number;
      const scale = sum > 0 ? 1 / sum : 0;
      for (let t = 0; t < frames; t++) head[r * frames + t] = (row[t] as number) * scale;
    }
    standardiseColumns(head, rows.length, frames);
    for (let r = 0; r < kept; r++) {
      addMedians(head.subarray((r + promptRows) * frames, (r + promptRows + 1) * frames), average.subarray(r * frames, (r + 1) * frames), 1 / heads);
    }
  }
  return average;
}

/** Mean 0 and deviation 1 over the tokens, for each frame. */
function standardiseColumns(values: Float32Array, rows: number, frames: number): void {
  for (let t = 0; t < frames; t++) {
    let mean = 0;
    for (let r = 0; r < rows; r++) mean += values[r * frames + t] as number;
    mean /= rows;
    let variance = 0;
    for (let r = 0; r < rows; r++) variance += ((values[r * frames + t] as number) - mean) ** 2;
    const scale = 1 / (Math.sqrt(variance / rows) || 1e-9);
    for (let r = 0; r < rows; r++) values[r * frames + t] = ((values[r * frames + t] as number) - mean) * scale;
  }
}

/** Adds the running median of `row`, times `weight`; the ends are mirrored. */
function addMedians(row: Float32Array, into: Float32Array, weight: number): void {
  const frames = row.length;
  const reach = (medianWidth - 1) / 2;
  const sorted = new Float32Array(medianWidth);
  for (let t = 0; t < frames; t++) {
    for (let k = 0; k < medianWidth; k++) {
      let at = Math.abs(t + k - reach);
      if (at >= frames) at = Math.max(0, 2 * frames - 2 - at);
      const value = row[at] as number;
      let place = k;
      while (place > 0 && (sorted[place - 1] as number) > value) {
        sorted[place] = sorted[place - 1] as number;
        place--;
      }
      sorted[place] = value;
    }
    into[t] = (into[t] as number) + (sorted[reach] as number) * weight;
  }
}

/** Dynamic time warping with steps right, down and diagonal: the first frame of each row on the path that gathers most. */
function firstFrames(gain: Float32Array, rows: number, frames: number): Int32Array {
  const width = frames + 1;
  const cost = new Float64Array((rows + 1) * width).fill(Infinity);
  const step = new Uint8Array((rows + 1) * width);
  cost[0] = 0;
  for (let r = 1; r <= rows; r++) {
    for (let t = 1; t <= frames; t++) {
      const diagonal = cost[(r - 1) * width + t - 1] as number;
      const down = cost[(r - 1) * width + t] as number;
      const right = cost[r * width + t - 1] as number;
      const at = r * width + t;
      let from = right;
      step[at] = 2;
      if (diagonal < down && diagonal < right) {
        from = diagonal;
        step[at] = 0;
      } else if (down < diagonal && down < right) {
        from = down;
        step[at] = 1;
      }
      cost[at] = from - (gain[(r - 1) * frames + t - 1] as number);
    }
  }
  const first = new Int32Array(rows);
  let r = rows;
  let t = frames;
  while (r > 0 && t > 0) {
    first[r - 1] = t - 1;
    const taken = step[r * width + t];
    if (taken !== 2) r--;
    if (taken !== 1) t--;
  }
  return first;
}
