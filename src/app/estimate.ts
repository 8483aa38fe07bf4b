import type { Rates } from './measured-rates.js';

/** From the least to the most it may be. */
export interface Span {
  min: number;
  max: number;
}

/** What is still to do for one source. */
export interface Work {
  sourceSeconds: number;
  /** Whether the words are still to be recognised, and the source to be looked over. */
  hear: boolean;
  see: boolean;
  /** Seconds of clips still to render, each format counted. */
  clipSeconds: Span;
  crf: number;
  preset: string;
}

/** What a job will take. */
export interface Estimate {
  cpuSeconds: Span;
  wallSeconds: Span;
  /** Bytes written and kept: in the cache (artifacts) and in the output folder; scratch is what is in use at once while it runs. */
  storeBytes: Span;
  outputBytes: Span;
  scratchBytes: Span;
}

/** 16 kHz, 16 bit, mono: the sound that is listened to. */
const speechBytesPerSecond = 32_000;
/** Of a clip 1080×1920 at crf 20 and veryfast: slides, and the most that was measured. */
const clipBytesPerSecond: Span = { min: 60_000, max: 900_000 };
/** x264 takes about twice the bits for 6 steps of crf. */
const crfOfFigures = 20;
/** The quickest presets leave out what makes files small (measured: 6.8 and 6.5 MB where veryfast took 3.0). */
const largePresets: Readonly<Record<string, number>> = { ultrafast: 2.3, superfast: 2.2 };
/** A clip lies in scratch once for its sound and picture and once when they are joined; two are rendered at once. */
const scratchCopies = 2;

/** Pure: the same work, rates and figures give the same estimate. */
export function estimateOf(work: Work, rates: Rates): Estimate {
  const cpu = (clipSeconds: number): number =>
    (work.hear ? rates.transcribe * work.sourceSeconds : 0) + (work.see ? rates.analyze * work.sourceSeconds : 0) + rates.clip * clipSeconds;
  const cpuSeconds = { min: cpu(work.clipSeconds.min), max: cpu(work.clipSeconds.max) };
  const speechBytes = work.hear ? speechBytesPerSecond * work.sourceSeconds : 0;
  const larger = 2 ** ((crfOfFigures - work.crf) / 6) * (largePresets[work.preset] ?? 1);
  const clipBytes = { min: work.clipSeconds.min * clipBytesPerSecond.min * Math.min(1, larger), max: work.clipSeconds.max * clipBytesPerSecond.max * larger };
  return {
    cpuSeconds,
    wallSeconds: { min: cpuSeconds.min / rates.parallel, max: cpuSeconds.max / rates.parallel },
    storeBytes: { min: speechBytes + clipBytes.min, max: speechBytes + clipBytes.max },
    outputBytes: clipBytes,
    scratchBytes: { min: speechBytes, max: Math.max(speechBytes, Math.min(clipBytes.max, 120 * clipBytesPerSecond.max * larger) * scratchCopies) },
  };
}

/** One after the other. Scratch is in use for one at a time. */
export function sumOf(estimates: readonly Estimate[]): Estimate {
  const sum = (part: keyof Estimate): Span => estimates.reduce((total, one) => ({ min: total.min + one[part].min, max: total.max + one[part].max }), { min: 0, max: 0 });
  const most = (end: keyof Span): number => Math.max(0, ...estimates.map((one) => one.scratchBytes[end]));
  return { cpuSeconds: sum('cpuSeconds'), wallSeconds: sum('wallSeconds'), storeBytes: sum('storeBytes'), outputBytes: sum('outputBytes'), scratchBytes: { min: most('min'), max: most('max') } };
}

/** Seconds of clips that are likely to be made of a source, before any is chosen. */
export function likelyClipSeconds({ sourceSeconds, clips, minSeconds, maxSeconds, formats }: { sourceSeconds: number; clips: number | null; minSeconds: number; maxSeconds: number; formats: number }): Span {
  // As many as segment's default: one a minute, 1 to 9.
  const most = clips ?? Math.min(9, Math.max(1, Math.round(sourceSeconds / 60)));
  // Two thirds of the way down from the longest: what segment's choices come to on the sample talks (about 30 s at 20 to 60).
  const typical = Math.min(maxSeconds, (2 * minSeconds + maxSeconds) / 3);
  return { min: Math.min(sourceSeconds, minSeconds) * formats, max: Math.min(sourceSeconds, most * typical) * formats };
}
