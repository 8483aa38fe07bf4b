import type { Talk } from './talk.js';

/** A place to cut, in the silence beside a line. */
export interface Edge {
  atUs: number;
  /** The silence it lies in, by word times. */
  pauseUs: number;
}

/** A shorter silence is no place to cut: recognised word times are off by up to that much. */
const shortestPauseUs = 120_000;
/** How far from the nearest word a cut may lie, and how far from where its sound is seen to start or end. */
const leadUs = 240_000;
const soundLeadUs = 200_000;
/** Where in the lead an equally quiet cut is preferred: close enough to feel prompt, far enough to lose no breath. */
const idealUs = 100_000;
/** Distance kept from words where the pause allows, besides one frame for the renderer's frame grid. */
const wordGuardUs = 60_000;
/** Sound is looked for this far beyond the edge of a word: recognised times are seldom further off. */
const doubtUs = 120_000;
/** Levels within this many dB of the quietest count as equally quiet. */
const alikeDb = 6;

/** Finds cut points; made once per talk. */
export class EdgeFinder {
  readonly #talk: Talk;
  readonly #quietDb: number;

  constructor(talk: Talk) {
    this.#talk = talk;
    this.#quietDb = quietThreshold(talk);
  }

  /** Where a clip that begins with line `index` starts, or null when no pause lies before it. */
  before(index: number): Edge | null {
    const pause = this.#pause(index);
    if (!pause) return null;
    const { startUs, endUs } = pause;
    // Half of a pause belongs to either side, so that neighbouring clips never overlap.
    const leastUs = index === 0 ? startUs : Math.floor((startUs + endUs) / 2);
    const soundUs = this.#soundEdge(endUs, -1);
    const toUs = endUs - this.#guardUs(endUs - startUs);
    const fromUs = Math.max(leastUs, endUs - leadUs, Math.min(soundUs, endUs) - soundLeadUs);
    return this.#accept(this.#quietest(fromUs, toUs, soundUs - idealUs), endUs - startUs);
  }

  /** Where a clip that finishes with line `index` ends, or null when no pause lies after it. */
  after(index: number): Edge | null {
    const pause = this.#pause(index + 1);
    if (!pause) return null;
    const { startUs, endUs } = pause;
    const mostUs = index === this.#talk.lines.length - 1 ? endUs : Math.floor((startUs + endUs) / 2);
    const soundUs = this.#soundEdge(startUs, 1);
    const fromUs = startUs + this.#guardUs(endUs - startUs);
    const toUs = Math.min(mostUs, startUs + leadUs, Math.max(soundUs, startUs) + soundLeadUs);
    return this.#accept(this.#quietest(fromUs, toUs, soundUs + idealUs), endUs - startUs);
  }

  #guardUs(pauseUs: number): number {
    return Math.min(wordGuardUs + this.#talk.frameUs, pauseUs / 2);
  }

  /** Where the sound of the word that starts (`outward` −1) or ends (1) at `atUs` really does, within the doubt about its time. */
  #soundEdge(atUs: number, outward: -1 | 1): number {
    const { hopUs } = this.#talk.speech.levels;
    const loud = (us: number): boolean => (this.#talk.speech.levels.dbfs[Math.floor(us / hopUs)] ?? -100) > this.#quietDb;
    const limit = Math.round(doubtUs / hopUs);
    let steps = 0;
    if (loud(atUs)) {
      while (steps < limit && loud(atUs + outward * (steps + 1) * hopUs)) steps += 1;
      return atUs + outward * steps * hopUs;
    }
    while (steps < limit && !loud(atUs - outward * (steps + 1) * hopUs)) steps += 1;
    return atUs - outward * steps * hopUs;
  }

  /** The silence before line `index` (after the last one for `lines.length`), or null when it is too short to cut in. */
  #pause(index: number): { startUs: number; endUs: number } | null {
    const { lines, durationUs } = this.#talk;
    const endUs = lines[index]?.startUs ?? durationUs;
    const startUs = lines[index - 1]?.endUs ?? 0;
    // The very ends of the source need no silence: nothing is cut there.
    if (index === 0 || index === lines.length) return { startUs: Math.min(startUs, endUs), endUs };
    if (endUs - startUs >= shortestPauseUs) return { startUs, endUs };
    // Some word lists stretch each word to the next one; the silence then lies inside the last word's time.
    const previous = this.#talk.words[lines[index - 1]!.lastWord]!;
    let quietUs = Math.min(startUs, endUs);
    const { hopUs } = this.#talk.speech.levels;
    while (quietUs - hopUs > previous.startUs && this.#level(quietUs - hopUs / 2) <= this.#quietDb) quietUs -= hopUs;
    return endUs - quietUs >= shortestPauseUs && quietUs < startUs ? { startUs: quietUs, endUs } : null;
  }

  /** Interpolated cue words do not know their pauses: the sound must be quiet there, too. */
  #accept(atUs: number, pauseUs: number): Edge | null {
    const { origin, speech, durationUs } = this.#talk;
    if (origin === 'cues' && atUs > 0 && atUs < durationUs) {
      const spoken = speech.islands.some((island) => atUs > island.startUs && atUs < island.endUs);
      if (spoken && this.#level(atUs) > this.#quietDb) return null;
    }
    return { atUs, pauseUs };
  }

  #quietest(fromUs: number, toUs: number, wishUs: number): number {
    const lowUs = Math.round(Math.min(fromUs, toUs));
    const highUs = Math.round(Math.max(lowUs, toUs));
    const { hopUs } = this.#talk.speech.levels;
    const places = [lowUs, highUs, clamp(Math.round(wishUs), lowUs, highUs)];
    for (let atUs = Math.ceil(lowUs / hopUs) * hopUs; atUs <= highUs; atUs += hopUs) places.push(atUs);
    const levels = places.map((atUs) => this.#level(atUs));
    const levelDb = Math.min(...levels);
    const alike = places.filter((_, place) => levels[place]! <= levelDb + alikeDb);
    return alike.reduce((best, place) => (Math.abs(place - wishUs) < Math.abs(best - wishUs) ? place : best));
  }

  /** Level around a moment, mean over 60 ms. */
  #level(atUs: number): number {
    const { hopUs, dbfs } = this.#talk.speech.levels;
    const hop = Math.floor(atUs / hopUs);
    let sum = 0;
    for (let at = hop - 1; at <= hop + 1; at += 1) sum += dbfs[clamp(at, 0, dbfs.length - 1)] ?? -100;
    return sum / 3;
  }
}

/**
 * Below this level nobody speaks: 30 dB under speech or three tenths of the way up from the background, whichever is
 * louder. Where sound is equally loud throughout there is no such level.
 */
function quietThreshold({ words, speech }: Talk): number {
  const { hopUs, dbfs } = speech.levels;
  const spoken = words.map((word) => dbfs[Math.floor((word.startUs + word.endUs) / 2 / hopUs)] ?? -100).toSorted((a, b) => a - b);
  const all = dbfs.toSorted((a, b) => a - b);
  const floorDb = all[Math.floor(all.length / 20)] ?? -100;
  const speechDb = spoken[Math.floor(spoken.length / 2)] ?? -20;
  if (speechDb - floorDb < 10) return floorDb - 1;
  return Math.max(floorDb + 0.3 * (speechDb - floorDb), speechDb - 30);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
