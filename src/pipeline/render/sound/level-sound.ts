import { join } from 'node:path';
import { type MediaHost, runFfmpeg } from '../../../media/ffmpeg.js';
import { type ClipTimeline, secondsText } from '../../../media/timeline.js';
import { cutFile, sampleRate, samplesAt } from './cut-sound.js';
import { type Loudness, loudnessFilter, LoudnessReport } from './loudness-report.js';

/** Name in the scratch folder of a clip's encoded sound, and how it is encoded. */
export const soundFile = 'sound.m4a';
export const encodedSound: readonly string[] = ['-c:a', 'aac', '-b:a', '160k', '-ar', String(sampleRate), '-map_metadata', '-1', '-fflags', '+bitexact', '-flags:a', '+bitexact'];
const fadeSeconds = 0.01;
/** Peaks are held here before encoding, so that they stay below −1 dBTP after decoding: AAC adds up to about 1 dB. */
const ceilingDb = -2;
/** What the encoder's input may measure, so that its output keeps within limits. */
const innerTolerance = { lu: 0.2, peakDbtp: -1.7 } as const;
const tries = 5;

export interface LevelRequest {
  timeline: ClipTimeline;
  targetLufs: number;
}

/** The gain and ceiling that a sound was made with, and what it measured before encoding. */
export interface LevelledSound extends Settings {
  /** Name in the scratch folder. */
  file: string;
  source: Loudness;
  /** Why no level was set, or the target not met. */
  shortfall: 'silent' | 'peaks' | undefined;
}

interface Settings {
  gainDb: number;
  ceilingDb: number;
}

/**
 * Encodes the sound cut by `cutSound` to `sound.m4a` (AAC, 160 kb/s) at the wanted loudness with its peaks under the ceiling:
 * gain and, where that lifts peaks too high, a look-ahead limiter; repeated until what goes into the encoder measures right.
 *
 * @param headroomDb how much lower than usual to hold the peaks and by how much to shift the loudness, once the decoded file was measured
 */
export async function levelSound(host: MediaHost, request: LevelRequest, source: Loudness, correction: { peakDb: number; lu: number } = { peakDb: 0, lu: 0 }): Promise<LevelledSound> {
  const file = soundFile;
  const durationSeconds = samplesAt(request.timeline.frames, request.timeline) / sampleRate;
  if (source.integratedLufs === null) {
    await encode(host, durationSeconds, { gainDb: 0, ceilingDb: 0 }, false);
    return { file, source, gainDb: 0, ceilingDb: 0, shortfall: 'silent' };
  }
  const target = request.targetLufs + correction.lu;
  const settings: Settings = { gainDb: target - source.integratedLufs, ceilingDb: ceilingDb + correction.peakDb };
  let shortfall: LevelledSound['shortfall'];
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    const limited = source.truePeakDbtp !== null && source.truePeakDbtp + settings.gainDb > settings.ceilingDb;
    const made = await encode(host, durationSeconds, settings, limited);
    const missingLu = made.integratedLufs === null ? 0 : target - made.integratedLufs;
    const overDb = made.truePeakDbtp === null ? 0 : made.truePeakDbtp - (innerTolerance.peakDbtp + correction.peakDb);
    shortfall = Math.abs(missingLu) > innerTolerance.lu ? 'peaks' : undefined;
    if ((!shortfall && overDb <= 0) || attempt === tries) break;
    settings.gainDb += missingLu * (limited ? 1.5 : 1);
    if (overDb > 0) settings.ceilingDb -= overDb + 0.1;
  }
  return { file, source, ...settings, shortfall };
}

async function encode(host: MediaHost, durationSeconds: number, { gainDb, ceilingDb: limitDb }: Settings, limited: boolean): Promise<Loudness> {
  const out = Math.max(0, durationSeconds - fadeSeconds);
  const filters = [
    `volume=${gainDb.toFixed(2)}dB:precision=float`,
    ...(limited ? [`alimiter=limit=${(10 ** (limitDb / 20)).toFixed(5)}:attack=5:release=60:level=false:latency=true`] : []),
    `afade=t=in:d=${fadeSeconds}`,
    `afade=t=out:st=${secondsText(Math.round(out * 1e6))}:d=${fadeSeconds}`,
    loudnessFilter,
  ];
  const report = new LoudnessReport();
  await runFfmpeg(
    host,
    {
      inputs: [{ path: join(host.scratchDir, cutFile.name), rawFormat: cutFile.format, options: cutFile.input }],
      graph: `[0:a]${filters.join(',')}[sound]`,
      outputs: [{ to: soundFile, options: ['-map', '[sound]', ...encodedSound] }],
    },
    { onLogLine: (line) => report.line(line) },
  );
  return report.result();
}
