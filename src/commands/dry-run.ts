import { openApp } from '../app/app.js';
import { type DryPlan, planAll } from '../app/dry-run.js';
import { namedJobs } from '../app/named-inputs.js';
import { byteSize, clock, count, roughSpan } from '../ui/format.js';
import { aligned, terminalText } from '../ui/terminal-text.js';
import type { CommandContext } from './context.js';

/** `--dry-run`: says what a run would do and writes nothing. */
export async function runDry(context: CommandContext, inputs: readonly string[]): Promise<number> {
  const { settings } = context.loaded;
  const { places, remarks } = await namedJobs(inputs, { settings, cwd: context.cwd, stdin: process.stdin });
  const app = await openApp({ settings, paths: context.paths, signal: context.signal, readOnly: true });
  try {
    const { plans, total, warning } = await planAll(app, places);
    for (const remark of settings.json ? [] : remarks) context.stdout.write(`${terminalText(remark)}\n`);
    const several = plans.length > 1;
    if (settings.json) context.stdout.write(`${JSON.stringify({ dryRun: plans.map(asJson), ...(several ? { total: estimateJson(total), warning: warning ?? null } : {}) })}\n`);
    else {
      const together = several ? [...(total ? [`together ${estimateText(total)}`] : []), ...(warning === undefined ? [] : [terminalText(warning)])] : [];
      for (const line of [...plans.flatMap(planLines), ...together]) context.stdout.write(`${line}\n`);
    }
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
    estimate: estimateJson(estimate),
    warning: warning ?? null,
  };
}

function estimateJson(estimate: DryPlan['estimate']): unknown {
  if (!estimate) return null;
  return {
    cpuSeconds: rounded(estimate.cpuSeconds),
    wallSeconds: rounded(estimate.wallSeconds),
    bytes: { store: rounded(estimate.storeBytes), output: rounded(estimate.outputBytes), scratch: rounded(estimate.scratchBytes) },
  };
}

function estimateText(estimate: NonNullable<DryPlan['estimate']>): string {
  return `about ${between(estimate.wallSeconds, roughSpan)} (${between(estimate.cpuSeconds, roughSpan)} of CPU), ${between(diskOf(estimate), byteSize)} on disk`;
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
    estimate ? `  ${estimateText(estimate)}` : '  how long it takes is known once the source has been probed',
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
