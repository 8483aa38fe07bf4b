import { dirname, parse } from 'node:path';
import { z } from 'zod';
import type { Settings } from '../config/options.js';
import type { JobRequest } from '../pipeline/plan.js';
import type { InputRef } from '../sources/source.js';
import { type HandCut, handMoments } from './hand-cuts.js';

/** One source of a run, with the folder its clips go to. Same source and folder: same job. */
export interface JobPlace {
  jobId: string;
  sourcePath: string;
  outputDir: string;
  /** What outputs are called after, like a file's name; absent: the last part of `sourcePath`. */
  name?: string;
  /** How the input was named, where that is more than `sourcePath` says. */
  input?: InputRef;
  /** Settings of this input alone, over those of the run. */
  settings?: Partial<Settings>;
}

/** What is given to a job by hand, in place of what stages would find. */
export interface ByHand {
  /** Absolute path of words: JSON with word times, SRT or WebVTT. */
  transcriptFile?: string;
  cuts?: readonly HandCut[];
}

/** What is asked of a job beyond its settings, as it is kept with it. Jobs of earlier versions have nothing. */
const keptRequest = z.object({
  until: z.enum(['ingest', 'transcribe', 'analyze', 'segment', 'render']).default('render'),
  transcriptFile: z.string().exactOptional(),
  cuts: z.array(z.array(z.object({ startUs: z.number().int(), endUs: z.number().int() }))).exactOptional(),
});

/** Reads what was kept of a job's request. */
export function readKeptRequest(kept: Record<string, unknown>): { until: JobRequest['until']; byHand: ByHand } {
  const { until, ...byHand } = keptRequest.parse(kept);
  return { until, byHand };
}

const usPerSecond = 1_000_000;

/** What the settings ask of one source. */
export function jobRequest(place: JobPlace, settings: Settings, until: JobRequest['until'], { transcriptFile, cuts }: ByHand = {}): JobRequest {
  return {
    path: place.sourcePath,
    name: parse(place.name ?? place.sourcePath).name,
    sidecarDir: dirname(place.sourcePath),
    language: settings.language,
    audioTrack: settings.audioTrack,
    useCaptions: settings.useCaptions,
    clips: settings.clips,
    minLengthUs: Math.round(settings.minLength * usPerSecond),
    maxLengthUs: Math.round(settings.maxLength * usPerSecond),
    formats: settings.format,
    style: {
      captions: settings.captions,
      captionColor: settings.captionColor,
      captionHighlight: settings.captionHighlight,
      captionSizePx: settings.captionSize,
      captionUppercase: settings.captionUppercase,
      crf: settings.crf,
      preset: settings.preset,
      loudnessLufs: settings.loudness,
    },
    cover: settings.cover,
    until,
    ...(transcriptFile === undefined ? {} : { transcriptFile }),
    ...(cuts ? { moments: (source) => handMoments(cuts, source) } : {}),
  };
}
