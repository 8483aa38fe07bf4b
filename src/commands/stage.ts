import { basename, resolve } from 'node:path';
import type { JobOutcome, JobRequest } from '../pipeline/plan.js';
import { readCuts } from '../app/hand-cuts.js';
import { writeStageResult } from '../app/stage-result.js';
import { terminalText } from '../ui/terminal-text.js';
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

/** `snvg ingest|transcribe|analyze|segment|render <inputs…>`: the jobs of those inputs up to and including one stage. */
export async function runStage(context: CommandContext, stage: JobRequest['until'], inputs: readonly string[], flags: StageFlags): Promise<number> {
  const { json, events } = context.loaded.settings;
  const cuts = flags.cut && (await readCuts(flags.cut, context.cwd));
  // What is said about one input alone.
  const [ofOne] = (['out', 'transcript', 'cut'] as const).filter((flag) => flags[flag] !== undefined);
  const told = new Map<number, { path: string; text: string }>();
  try {
    return await runStages(context, inputs, {
      until: stage,
      ...(ofOne === undefined ? {} : { ofOneInput: `--${ofOne}` }),
      byHand: { ...(cuts ? { cuts } : {}), ...(flags.transcript === undefined ? {} : { transcriptFile: resolve(context.cwd, flags.transcript) }) },
      finished: async (app, outcome: JobOutcome, index) => {
        if (stage !== 'render') await writeStageResult(app, stage, outcome, { out: flags.out, tell: (text) => told.set(index, { path: outcome.file.path, text }) });
      },
    });
  } finally {
    // The results come last, below whatever was drawn while they were made.
    const inOrder = [...told].toSorted(([one], [other]) => one - other);
    if (!json && !events) for (const [, { path, text }] of inOrder) context.stdout.write(told.size > 1 ? `${terminalText(basename(path))}:\n${text}` : text);
  }
}
