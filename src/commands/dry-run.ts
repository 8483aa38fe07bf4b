import { openApp } from '../app/app.js';
import { type DryPlan, planDry } from '../app/dry-run.js';
import { localInput, placeJobs } from '../app/job-places.js';
import { clock, count } from '../ui/format.js';
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

function asJson({ place, ...plan }: DryPlan): unknown {
  return { job: place.jobId, source: place.sourcePath, outputDir: place.outputDir, ...plan, estimate: estimateOf(plan) };
}

/**
 * CPU seconds still to spend, from measured rates (bench/RESULTS.md): recognition 3.4 a minute of sound, coarse pass 0.5 a
 * minute, one clip 2 a second of it at an average of 30 s.
 */
function estimateOf(plan: Pick<DryPlan, 'tasks' | 'clips' | 'durationUs'>): { cpuSeconds: { min: number; max: number } } | null {
  if (plan.durationUs === undefined) return null;
  const minutes = plan.durationUs / 60_000_000;
  const known = (op: string): boolean => plan.tasks.some((task) => task.op === op && task.cached);
  const hearing = known('transcribe.join') ? 0 : 3.4 * minutes;
  const seeing = known('analyze.coarse') ? 0 : 0.5 * minutes;
  const rendered = plan.tasks.filter((task) => task.op === 'render.clip' && task.cached).length;
  const clip = (clips: number): number => Math.max(0, clips - rendered) * 60;
  return { cpuSeconds: { min: Math.round(hearing + seeing + clip(plan.clips.min)), max: Math.round(hearing + seeing + clip(plan.clips.max)) } };
}

function planLines(plan: DryPlan): string[] {
  const { min, max } = plan.clips;
  const estimate = estimateOf(plan);
  return [
    `${terminalText(plan.place.sourcePath)}${plan.durationUs === undefined ? '' : ` (${clock(plan.durationUs)})`} → ${terminalText(plan.place.outputDir)}`,
    ...aligned(plan.tasks.map((task) => [`  ${task.stage}`, task.label, task.cached ? 'cached' : 'to do'])),
    ...(plan.decidedBy === undefined ? [] : [`  later tasks are decided by ${plan.decidedBy === 'render' || plan.decidedBy === 'analyze' ? plan.decidedBy : 'segment'}: ${min === max ? count(max, 'clip') : `${min} to ${max} clips`}`]),
    estimate ? `  about ${estimate.cpuSeconds.min} to ${estimate.cpuSeconds.max} CPU seconds still to spend` : '  how long it takes is known once the source has been probed',
  ];
}
