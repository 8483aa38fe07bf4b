/** Lowest and highest allowed position, per step. */
export interface Corridor {
  low: Float64Array;
  high: Float64Array;
}

/** Weights of speed, acceleration and jerk: mostly still, else of even speed, rarely changing it. */
const weights = [1, 4, 8] as const;
const iterations = 1_500;
/** Penalty of the augmented Lagrangian for positions of about one: the objective ends within 2 % of its limit. */
const penalty = 100;

/**
 * The path through a corridor whose first three differences are smallest in the L1 sense: stretches of rest, of even speed
 * and of even acceleration, as a camera operator moves (Grundmann, Kwatra, Essa: "Auto-Directed Video Stabilization with
 * Robust L1 Optimal Camera Paths", 2011). Solved by ADMM (Boyd et al., 2011) with a fixed number of steps, so that equal
 * input gives equal output; the result is inside the corridor in any case.
 *
 * @param corridor positions allowed at evenly spaced times, low ≤ high
 * @param scale a typical size of the positions, such as the crop's width
 */
export function smoothPath(corridor: Corridor, scale: number): Float64Array {
  const length = corridor.low.length;
  const floor = corridor.low.reduce((most, value) => Math.max(most, value), -Infinity);
  const ceiling = corridor.high.reduce((least, value) => Math.min(least, value), Infinity);
  // A place that is allowed all the time is the smoothest path of all.
  if (floor <= ceiling) return new Float64Array(length).fill((floor + ceiling) / 2);
  const low = corridor.low.map((value) => value / scale);
  const high = corridor.high.map((value) => value / scale);
  const path = low.map((value, index) => (value + (high[index] ?? value)) / 2);
  const solve = factorise(length);
  const boxed = Float64Array.from(path);
  const boxedDual = new Float64Array(length);
  const terms = weights.map((weight, index) => {
    const order = index + 1;
    const size = Math.max(0, length - order);
    return { weight, order, split: new Float64Array(size), dual: new Float64Array(size) };
  });
  const right = new Float64Array(length);
  for (let step = 0; step < iterations; step++) {
    for (let i = 0; i < length; i++) right[i] = (boxed[i] ?? 0) - (boxedDual[i] ?? 0);
    for (const { order, split, dual } of terms) addTransposed(split, dual, order, right);
    solve(right);
    path.set(right);
    for (let i = 0; i < length; i++) {
      const wanted = (path[i] ?? 0) + (boxedDual[i] ?? 0);
      const held = Math.min(high[i] ?? wanted, Math.max(low[i] ?? wanted, wanted));
      boxed[i] = held;
      boxedDual[i] = wanted - held;
    }
    for (const { weight, order, split, dual } of terms) {
      for (let i = 0; i < split.length; i++) {
        const wanted = difference(path, i, order) + (dual[i] ?? 0);
        const kept = shrink(wanted, weight / penalty);
        split[i] = kept;
        dual[i] = wanted - kept;
      }
    }
  }
  return boxed.map((value) => value * scale);
}

const stencils = [[], [-1, 1], [1, -2, 1], [-1, 3, -3, 1]] as const;

function difference(path: Float64Array, at: number, order: number): number {
  let sum = 0;
  for (const [offset, factor] of (stencils[order] ?? []).entries()) sum += factor * (path[at + offset] ?? 0);
  return sum;
}

function addTransposed(split: Float64Array, dual: Float64Array, order: number, out: Float64Array): void {
  const stencil = stencils[order] ?? [];
  for (let i = 0; i < split.length; i++) {
    const value = (split[i] ?? 0) - (dual[i] ?? 0);
    for (const [offset, factor] of stencil.entries()) out[i + offset] = (out[i + offset] ?? 0) + factor * value;
  }
}

function shrink(value: number, by: number): number {
  return Math.sign(value) * Math.max(0, Math.abs(value) - by);
}

const bandwidth = 3;

/** Cholesky factor of I + Σ DᵀD (symmetric, three bands below the diagonal); returns the in-place solver. */
function factorise(length: number): (right: Float64Array) => void {
  const stride = bandwidth + 1;
  // Row i holds the entries at columns i − 3 … i.
  const rows = new Float64Array(length * stride);
  const at = (row: number, column: number): number => row * stride + column - row + bandwidth;
  for (let i = 0; i < length; i++) rows[at(i, i)] = 1;
  for (let order = 1; order <= bandwidth; order++) {
    const stencil = stencils[order] ?? [];
    for (let i = 0; i + order < length; i++) {
      for (const [a, left] of stencil.entries()) {
        for (let b = 0; b <= a; b++) rows[at(i + a, i + b)] = (rows[at(i + a, i + b)] ?? 0) + left * (stencil[b] ?? 0);
      }
    }
  }
  for (let i = 0; i < length; i++) {
    const first = Math.max(0, i - bandwidth);
    for (let j = first; j <= i; j++) {
      let sum = rows[at(i, j)] ?? 0;
      for (let k = Math.max(first, j - bandwidth); k < j; k++) sum -= (rows[at(i, k)] ?? 0) * (rows[at(j, k)] ?? 0);
      rows[at(i, j)] = i === j ? Math.sqrt(sum) : sum / (rows[at(j, j)] ?? 1);
    }
  }
  return (right) => {
    for (let i = 0; i < length; i++) {
      let sum = right[i] ?? 0;
      for (let k = Math.max(0, i - bandwidth); k < i; k++) sum -= (rows[at(i, k)] ?? 0) * (right[k] ?? 0);
      right[i] = sum / (rows[at(i, i)] ?? 1);
    }
    for (let i = length - 1; i >= 0; i--) {
      let sum = right[i] ?? 0;
      for (let k = i + 1; k <= Math.min(length - 1, i + bandwidth); k++) sum -= (rows[at(k, i)] ?? 0) * (right[k] ?? 0);
      right[i] = sum / (rows[at(i, i)] ?? 1);
    }
  };
}
