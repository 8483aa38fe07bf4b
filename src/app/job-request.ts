import { createHash } from 'node:crypto';
import { basename, dirname, join, resolve } from 'node:path';
import type { Settings } from '../config/options.js';
import { defaultFolderName } from '../output/names.js';
import type { JobRequest } from '../pipeline/plan.js';

/** One source of a run, with the folder its clips go to. Same source and folder: same job. */
export interface JobPlace {
  jobId: string;
  sourcePath: string;
  outputDir: string;
}

/** With several sources, `--output` is the folder that holds one folder each. */
export function jobPlace(input: string, settings: Settings, cwd: string, several: boolean): JobPlace {
  const sourcePath = resolve(cwd, input);
  const own = defaultFolderName(basename(sourcePath));
  const outputDir = settings.output === null ? join(cwd, own) : several ? resolve(cwd, settings.output, own) : resolve(cwd, settings.output);
  const jobId = createHash('sha256').update(`${sourcePath}\0${outputDir}`).digest('hex').slice(0, 12);
  return { jobId, sourcePath, outputDir };
}

const usPerSecond = 1_000_000;

/** What the settings ask of one source. */
export function jobRequest(place: JobPlace, settings: Settings, until: JobRequest['until']): JobRequest {
  return {
    path: place.sourcePath,
    sidecarDir: dirname(place.sourcePath),
    language: settings.language,
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
    until,
  };
}
