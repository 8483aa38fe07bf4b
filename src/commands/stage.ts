import { resolve } from 'node:path';
import type { JobOutcome, JobRequest } from '../pipeline/plan.js';
import { handMoments, readCuts } from '../app/hand-cuts.js';
import { writeStageResult } from '../app/stage-result.js';
import type { CommandContext } from './context.js';
import { runStages } from './process.js';

export interface StageFlags {
  /** Where to write what the stage made. */
  out?: string;
  /** Words given by hand in place of recognition: transcript JSON, words JSON, SRT or WebVTT. */
  transcript?: string;
  /** Cuts given by hand: `in-out`, ranges joined with `+`, or `@<file>` with one cut a line. */
  cut?: string[];
}

/** `snvg ingest|transcribe|analyze|segment|render <input>`: the job of that input up to and including one stage. */
export async function runStage(context: CommandContext, stage: JobRequest['until'], input: string, flags: StageFlags): Promise<number> {
  const cuts = flags.cut && (await readCuts(flags.cut, context.cwd));
  return runStages(context, [input], {
    until: stage,
    adjust: (request) => ({
      ...request,
      ...(cuts ? { moments: (source) => handMoments(cuts, source) } : {}),
      ...(flags.transcript === undefined ? {} : { transcriptFile: resolve(context.cwd, flags.transcript) }),
    }),
    finished: async (app, outcome: JobOutcome) => {
      if (stage !== 'render') await writeStageResult(app, stage, outcome, { out: flags.out, stdout: context.loaded.settings.json || context.loaded.settings.events ? undefined : context.stdout });
    },
  });
}
