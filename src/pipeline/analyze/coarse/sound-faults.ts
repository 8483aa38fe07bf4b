import type { ChannelRepair } from '../../../artifacts/schemas/analysis.js';
import type { Notice } from '../../notice.js';

/** Of every eight frames of sound (some 20 ms each) one is measured: it is the whole source that is judged. */
const everyNth = 8;
/** A channel this much below the other holds nothing but what leaks into it. */
const deadDb = 25;
/** Two channels whose sum is this much below their difference cancel each other out. */
const cancelledDb = 12;
/** Nothing is judged below this level. */
const silentDb = -75;
/** Share of samples that stand at the very top, flat, from which a recording is audibly clipped. */
const clippedShare = 0.001;
/** Raising a source from below this also raises its noise into hearing. */
const quietLufs = -40;

/** Levels of one channel over the source. Decibels relative to full scale; −∞ for silence. */
interface ChannelLevels {
  rmsDb: number;
  peakDb: number;
  flatFactor: number;
  peakCount: number;
}

/**
 * Filters that report a sound's channels to the log when it ends; for two channels also their sum and their difference.
 * Whatever comes out has no use but to be read.
 */
export function faultFilters(channels: number): string {
  const measured = channels === 2 ? 'pan=4c|c0=c0|c1=c1|c2=0.5*c0+0.5*c1|c3=0.5*c0-0.5*c1,' : '';
  return `aselect='not(mod(n,${everyNth}))',aformat=sample_fmts=flt,${measured}astats@faults=measure_perchannel=RMS_level+Peak_level+Flat_factor+Peak_count:measure_overall=Number_of_samples`;
}

/** Reads the report of `faultFilters`. */
export class SoundFaults {
  readonly #channels: ChannelLevels[] = [];
  #samples = 0;

  line(text: string): void {
    const [, name, value] = /^\[(?:Parsed_)?astats@faults @ [^\]]*\] ([^:]+): (\S+)/.exec(text) ?? [];
    if (name === undefined || value === undefined) return;
    if (name === 'Channel') this.#channels.push({ rmsDb: -Infinity, peakDb: -Infinity, flatFactor: 0, peakCount: 0 });
    const channel = this.#channels.at(-1);
    const number = value === '-inf' ? -Infinity : Number(value);
    if (!channel || Number.isNaN(number)) return;
    if (name === 'RMS level dB') channel.rmsDb = number;
    else if (name === 'Peak level dB') channel.peakDb = number;
    else if (name === 'Flat factor') channel.flatFactor = number;
    else if (name === 'Peak count') channel.peakCount = number;
    else if (name === 'Number of samples') this.#samples = number;
  }

  /** What to do about the channels of a stereo sound. */
  repair(): ChannelRepair {
    const [left, right, sum, difference] = this.#channels;
    if (!left || !right || !sum || !difference || Math.max(left.rmsDb, right.rmsDb) < silentDb) return 'none';
    if (right.rmsDb - left.rmsDb > deadDb) return 'right-to-both';
    if (left.rmsDb - right.rmsDb > deadDb) return 'left-to-both';
    return difference.rmsDb - sum.rmsDb > cancelledDb ? 'invert-right' : 'none';
  }

  clipped(): boolean {
    return this.#channels.some(({ peakDb, flatFactor, peakCount }) => peakDb > -0.5 && flatFactor > 1 && peakCount > clippedShare * this.#samples);
  }
}

/** What a person should know about the sound; each repair is said. */
export function soundNotices(faults: SoundFaults, integratedLufs: number | null): Omit<Notice, 'stage'>[] {
  const notices: Omit<Notice, 'stage'>[] = [];
  const repair = faults.repair();
  if (repair === 'left-to-both' || repair === 'right-to-both') {
    const side = repair === 'left-to-both' ? 'left' : 'right';
    notices.push({ code: 'SOUND_ONE_SIDED', severity: 'info', message: `The sound is on the ${side} side alone; clips play it on both`, remedy: 'Nothing to do, unless it is meant to be heard in one ear.' });
  } else if (repair === 'invert-right') {
    notices.push({ code: 'SOUND_ANTIPHASE', severity: 'info', message: 'The two channels of the sound cancel each other out on one loudspeaker; clips turn one of them over', remedy: 'Nothing to do; a microphone or cable with swapped wires is the usual cause.' });
  }
  if (faults.clipped()) {
    notices.push({ code: 'SOUND_CLIPPED', severity: 'info', message: 'The sound was recorded too loud: its peaks are cut off and may rattle', remedy: 'Nothing brings them back; clips are levelled all the same. Record with a lower gain next time.' });
  }
  if (integratedLufs !== null && integratedLufs < quietLufs) {
    notices.push({ code: 'SOUND_QUIET', severity: 'info', message: `The sound is very quiet (${integratedLufs.toFixed(0)} LUFS); raising it raises its noise too`, remedy: 'Listen to the clips; record with a higher gain next time, or ask for a lower --loudness.' });
  }
  return notices;
}
