import { sampleRate } from './pcm.js';

/** A span in µs from the start of the chunk. */
export interface Span {
  startUs: number;
  endUs: number;
}

const hopSamples = sampleRate / 100;
const windowSamples = sampleRate / 40;
/** Sound is measured against what is around it: blocks of 5 s, looked at with 10 s on either side. */
const blockFrames = 500;
const aroundFrames = 1_000;
/** A frame is sound when it is this share of the way from the quietest to the loudest, at least 6 dB up. */
const soundShare = 0.35;
const leastRiseDb = 6;
const shortestPauseFrames = 12;

/** Loudness every 10 ms (25 ms windows), in dB relative to full scale. */
export interface Envelope {
  db: Float32Array;
}

export function envelopeOf(samples: Float32Array): Envelope {
  const frames = Math.max(0, Math.floor((samples.length - windowSamples) / hopSamples) + 1);
  const db = new Float32Array(frames);
  for (let i = 0; i < frames; i++) {
    let sum = 0;
    for (let k = i * hopSamples; k < i * hopSamples + windowSamples; k++) sum += (samples[k] as number) ** 2;
    db[i] = 10 * Math.log10(sum / windowSamples + 1e-9);
  }
  return { db };
}

/** Middle of a frame. */
function frameUs(frame: number): number {
  return ((frame * hopSamples + windowSamples / 2) * 1e6) / sampleRate;
}

function frameAt(us: number): number {
  return Math.trunc(((us * sampleRate) / 1e6 - windowSamples / 2) / hopSamples);
}

/** Silences of at least 120 ms: no word is spoken across their middle. */
export function findPauses({ db }: Envelope): Span[] {
  const sounding = new Uint8Array(db.length);
  for (let start = 0; start < db.length; start += blockFrames) {
    const around = db.slice(Math.max(0, start - aroundFrames), start + blockFrames + aroundFrames).toSorted();
    const quiet = around[Math.floor(around.length * 0.05)] as number;
    const loud = around[Math.min(around.length - 1, Math.floor(around.length * 0.95))] as number;
    const threshold = quiet + Math.max(leastRiseDb, soundShare * (loud - quiet));
    for (let i = start; i < Math.min(db.length, start + blockFrames); i++) sounding[i] = (db[i] as number) > threshold ? 1 : 0;
  }
  const pauses: Span[] = [];
  for (let i = 0; i < db.length; ) {
    if (sounding[i] === 1) {
      i++;
      continue;
    }
    const first = i;
    while (i < db.length && sounding[i] === 0) i++;
    if (i - first >= shortestPauseFrames) pauses.push({ startUs: first === 0 ? 0 : frameUs(first) - 5_000, endUs: frameUs(i) - 5_000 });
  }
  return pauses;
}

/** The quietest moment within `reachUs` of `us`, nearer ones preferred: where one word becomes the next. */
export function quietestNear({ db }: Envelope, us: number, reachUs: number): number {
  const centre = frameAt(us);
  const reach = Math.round(reachUs / 10_000);
  let best = -1;
  let bestCost = Infinity;
  for (let i = Math.max(0, centre - reach); i <= Math.min(db.length - 1, centre + reach); i++) {
    const cost = (db[i] as number) + Math.abs(i - centre) * 0.3;
    if (cost < bestCost) {
      bestCost = cost;
      best = i;
    }
  }
  return best < 0 ? us : frameUs(best);
}
