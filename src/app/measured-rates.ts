/** CPU seconds that work takes per second of media. */
export interface Rates {
  /** Recognition, per second of the source. */
  transcribe: number;
  /** The coarse look, per second of the source. */
  analyze: number;
  /** Looking closely, rendering and checking, per second of a clip in one format. */
  clip: number;
  /** CPU seconds that pass per second on the clock. */
  parallel: number;
}

interface Remembering {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
}

/** One observation: so much CPU (or, for `parallel`, CPU per wall) over so many seconds. */
export interface Observation {
  of: keyof Rates;
  amount: number;
  seconds: number;
}

/** bench/RESULTS.md, 10 minutes of 1080p and 268 s of clips: 26.2 s heard, 4.8 s looked over, 332 s for the clips, of which 240 s encoding at veryfast. */
const transcribeRate = 0.044;
const analyzeRate = 0.008;
const clipBaseRate = 0.34;
/** CPU seconds per second of 1080×1920: veryfast from there, ultrafast, superfast and medium in proportion as measured; the others lie between or beyond. */
const encodeRates: Readonly<Record<string, number>> = { ultrafast: 0.41, superfast: 0.67, veryfast: 0.9, faster: 1.3, fast: 1.7, medium: 2, slow: 3.5 };

/** What counts as much as the built-in figures, and at most how much earlier observations count: machines change. */
const priorSeconds = 30;
const memorySeconds = 1800;

/** The rates of this machine: built-in ones, corrected by what earlier jobs took. */
export function ratesOf(memo: Pick<Remembering, 'get'>, { preset, cores }: { preset: string; cores: number }): Rates {
  const known = (of: keyof Rates, otherwise: number): number => blend(otherwise, read(memo, keyOf(of, { preset, cores })));
  return {
    transcribe: known('transcribe', transcribeRate),
    analyze: known('analyze', analyzeRate),
    clip: known('clip', clipBaseRate + (encodeRates[preset] ?? 0.9)),
    // A little is always spent waiting.
    parallel: known('parallel', Math.max(0.9, cores * 0.95)),
  };
}

/** Remembers what a job took. */
export function learnRates(memo: Remembering, settings: { preset: string; cores: number }, observations: readonly Observation[]): void {
  for (const { of, amount, seconds } of observations) {
    if (!(seconds > 0) || !(amount > 0)) continue;
    const key = keyOf(of, settings);
    const { amount: before, seconds: beforeSeconds } = read(memo, key);
    const kept = Math.min(1, memorySeconds / Math.max(1, beforeSeconds + seconds));
    memo.set(key, `${((before + amount) * kept).toFixed(4)} ${((beforeSeconds + seconds) * kept).toFixed(3)}`);
  }
}

function keyOf(of: keyof Rates, { preset, cores }: { preset: string; cores: number }): string {
  return `rate ${of}${of === 'clip' ? ` ${preset}` : of === 'parallel' ? ` ${cores}` : ''}`;
}

function read(memo: Pick<Remembering, 'get'>, key: string): { amount: number; seconds: number } {
  const [amount = Number.NaN, seconds = Number.NaN] = (memo.get(key) ?? '').split(' ').map(Number);
  return amount > 0 && seconds > 0 ? { amount, seconds } : { amount: 0, seconds: 0 };
}

function blend(builtIn: number, { amount, seconds }: { amount: number; seconds: number }): number {
  return (builtIn * priorSeconds + amount) / (priorSeconds + seconds);
}
