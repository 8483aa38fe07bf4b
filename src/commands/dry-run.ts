import { openApp } from '../app/app.js';
import { type DryPlan, planDry } from '../app/dry-run.js';
import { localInput, placeJobs } from '../app/job-places.js';
import { byteSize, clock, count, roughSpan } from '../ui/format.js';
import { aligned, terminalText } from '../ui/terminal-text.js';
import type { CommandContext } from './context.js';

/** `--dry-run`: says what a run would do and writes nothing. */
export async function runDry(context: CommandContext, inputs: readonly string[]): Promise<number> {
  const { settings } = context.loaded;
  const places = await placeJobs(inputs.map((input) => localInput(input, context.cwd)), settings, context.cwd);
  const app = await openApp({ settings, paths: context.paths, signal: context.signal, readOnly: true });
  try {
    const plans: DryPlan[] = [];
    for (const place of places) plans.push(await planDry(app, place));
    if (settings.json) context.stdout.write(`${JSON.stringify({ dryRun: plans.map(asJson) })}\n`);
    else for (const plan of plans) for (const line of planLines(plan)) context.stdout.write(`${line}\n`);
    return 0;
  } finally {
    await app.close();
  }
}

function asJson({ place, estimate, warning, ...plan }: DryPlan): unknown {
  return {
    job: place.jobId,
    source: place.sourcePath,
    outputDir: place.outputDir,
    ...plan,
    estimate: estimate
      ? {
          cpuSeconds: rounded(estimate.cpuSeconds),
          wallSeconds: rounded(estimate.wallSeconds),
          bytes: { store: rounded(estimate.storeBytes), output: rounded(estimate.outputBytes), scratch: rounded(estimate.scratchBytes) },
        }
      : null,
    warning: warning ?? null,
  };
}

function rounded({ min, max }: { min: number; max: number }): { min: number; max: number } {
  return { min: Math.round(min), max: Math.round(max) };
}

function planLines(plan: DryPlan): string[] {
  const { min, max } = plan.clips;
  const { estimate, warning } = plan;
  return [
    `${terminalText(plan.place.sourcePath)}${plan.durationUs === undefined ? '' : ` (${clock(plan.durationUs)})`} → ${terminalText(plan.place.outputDir)}`,
    ...aligned(plan.tasks.map((task) => [`  ${task.stage}`, task.label, task.cached ? 'cached' : 'to do'])),
    ...(plan.decidedBy === undefined ? [] : [`  later tasks are decided by ${plan.decidedBy === 'render' || plan.decidedBy === 'analyze' ? plan.decidedBy : 'segment'}: ${min === max ? count(max, 'clip') : `${min} to ${max} clips`}`]),
    estimate ? `  about ${between(estimate.wallSeconds, roughSpan)} (${between(estimate.cpuSeconds, roughSpan)} of CPU), ${between(diskOf(estimate), byteSize)} on disk` : '  how long it takes is known once the source has been probed',
    ...(warning === undefined ? [] : [`  ${terminalText(warning)}`]),
  ];
}

function diskOf({ storeBytes, outputBytes }: NonNullable<DryPlan['estimate']>): { min: number; max: number } {
  return { min: storeBytes.min + outputBytes.min, max: storeBytes.max + outputBytes.max };
}

/** "3 min to 12 min", or once when both read alike. */
function between({ min, max }: { min: number; max: number }, shown: (value: number) => string): string {
  const [low, high] = [shown(min), shown(max)];
  return low === high ? high : `${low} to ${high}`;
}
