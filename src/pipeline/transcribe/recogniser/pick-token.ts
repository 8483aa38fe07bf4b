/** Scores this far under the best add less than 1e-4 to the sum over a vocabulary of 50 000. */
const negligible = 20;

export interface Pick {
  token: number;
  /** Natural logarithm, under the model's own (untempered) distribution. */
  logProbability: number;
}

/**
 * The next token among `0…limit-1`: the likeliest at temperature 0, else drawn from the tempered distribution.
 * @param logits suppressed tokens hold −Infinity
 */
export function pickToken(logits: Float32Array, limit: number, temperature: number, random: () => number): Pick {
  let best = 0;
  let max = -Infinity;
  for (let i = 0; i < limit; i++) {
    const value = logits[i] as number;
    if (value > max) {
      max = value;
      best = i;
    }
  }
  let sum = 0;
  const floor = max - negligible;
  for (let i = 0; i < limit; i++) {
    const value = logits[i] as number;
    if (value > floor) sum += Math.exp(value - max);
  }
  const token = temperature > 0 ? draw(logits, limit, max, temperature, random()) : best;
  return { token, logProbability: (logits[token] as number) - max - Math.log(sum) };
}

function draw(logits: Float32Array, limit: number, max: number, temperature: number, fraction: number): number {
  let total = 0;
  for (let i = 0; i < limit; i++) total += Math.exp(((logits[i] as number) - max) / temperature);
  let left = fraction * total;
  for (let i = 0; i < limit; i++) {
    left -= Math.exp(((logits[i] as number) - max) / temperature);
    if (left <= 0) return i;
  }
  return limit - 1;
}

/** Softmax of the scores at `tokens`, over those tokens alone or over the whole vocabulary. */
export function probabilitiesOf(logits: Float32Array, tokens: readonly number[], over: 'these' | 'all'): number[] {
  let max = -Infinity;
  for (const value of logits) if (value > max) max = value;
  const weights = tokens.map((token) => Math.exp((logits[token] as number) - max));
  let sum = 0;
  if (over === 'these') for (const weight of weights) sum += weight;
  else for (const value of logits) sum += Math.exp(value - max);
  return weights.map((weight) => weight / sum);
}
