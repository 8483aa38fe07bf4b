/** What ebur128 measured. Null: too quiet or too short for a figure. */
export interface Loudness {
  integratedLufs: number | null;
  truePeakDbtp: number | null;
}

/** Reports to the log without a line per frame; `parse` understands its summary. */
export const loudnessFilter = 'ebur128=peak=true:framelog=verbose';

/** Below this there is nothing to level: EBU R 128's absolute gate. */
const gateLufs = -70;

/** Collects the lines of a run with one `ebur128` filter. */
export class LoudnessReport {
  #integrated: number | undefined;
  #peak: number | undefined;

  line(text: string): void {
    const integrated = /^\s*I:\s+(\S+) LUFS/.exec(text)?.[1];
    const peak = /^\s*Peak:\s+(\S+) dBFS/.exec(text)?.[1];
    if (integrated !== undefined) this.#integrated = Number(integrated);
    if (peak !== undefined) this.#peak = Number(peak);
  }

  result(): Loudness {
    return { integratedLufs: figure(this.#integrated, gateLufs), truePeakDbtp: figure(this.#peak, -200) };
  }
}

function figure(value: number | undefined, floor: number): number | null {
  return value !== undefined && Number.isFinite(value) && value > floor ? value : null;
}
