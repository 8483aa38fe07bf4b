import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clip } from '../../src/artifacts/schemas/clip.js';
import type { Range } from '../../src/artifacts/schemas/common.js';
import type { Source } from '../../src/artifacts/schemas/source.js';
import { handMoments } from '../../src/app/hand-cuts.js';
import { type ErrorReport, reportError } from '../../src/errors.js';
import type { Notice } from '../../src/pipeline/notice.js';
import { type JobRequest, planJob } from '../../src/pipeline/plan.js';
import type { RealPlanner } from '../support/real-planner.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** How one input fared from its first byte to a finished clip. */
export interface Passage {
  source?: Source;
  clip?: Clip;
  /** The finished file. */
  clipPath?: string;
  /** What later stages read: the input, or a copy that was made of it. */
  notices: Notice[];
  error?: ErrorReport;
}

const style: JobRequest['style'] = { captions: true, captionColor: '#FFFFFF', captionHighlight: '#FFE500', captionSizePx: 84, captionUppercase: false, crf: 23, preset: 'ultrafast', loudnessLufs: -14 };

/** Takes a file through every stage of a job, with a clip cut by hand and words given by hand: all but recognising. */
export async function goThrough(run: RealPlanner, path: string, cut: Range): Promise<Passage> {
  const earlier = run.planner.notices.length;
  const passage: Passage = { notices: [] };
  const request: JobRequest = {
    ...emptyRequest,
    path,
    sidecarDir: temporaryFolder(),
    transcriptFile: spokenWords(cut),
    moments: (source) => handMoments([[{ startUs: cut.startUs, endUs: Math.min(cut.endUs, source.durationUs) }]], source),
  };
  try {
    const outcome = await planJob(run.planner, request, {
      finishStage: () => {},
      sourceKnown: async (source) => {
        passage.source = source;
      },
      selected: async () => {},
      editedCaptions: async () => undefined,
      clipReady: async (rendered) => {
        passage.clip = await run.planner.read(rendered.clip);
        passage.clipPath = await run.store.materialize(passage.clip.file.hash);
      },
    });
    const [failure] = outcome.failures;
    if (failure) throw failure.error;
  } catch (error) {
    passage.error = reportError(error);
  }
  passage.notices = run.planner.notices.slice(earlier);
  return passage;
}

const emptyRequest: Omit<JobRequest, 'path' | 'sidecarDir' | 'moments'> = {
  name: 'input',
  audioTrack: null,
  cover: null,
  language: 'en',
  useCaptions: false,
  clips: 1,
  minLengthUs: 100_000,
  maxLengthUs: 60_000_000,
  formats: ['square'],
  style,
  until: 'render',
};

/** A list of words that fill the cut, so that captions are there to be seen. */
function spokenWords({ startUs, endUs }: Range): string {
  const path = join(temporaryFolder(), 'words.json');
  const word = (text: string, from: number, to: number): object => ({ text, start: (startUs + from * (endUs - startUs)) / 1e6, end: (startUs + to * (endUs - startUs)) / 1e6 });
  writeFileSync(path, JSON.stringify({ language: 'en', words: [word('Hello', 0, 0.5), word('there.', 0.5, 1)] }));
  return path;
}
