import { basename } from 'node:path';
import { leftToCoordinator } from '../app/coordinate/kept-settings.js';
import { submitJobs, type Submitted } from '../app/coordinate/submit.js';
import { openApp } from '../app/app.js';
import type { ByHand, JobPlace } from '../app/job-request.js';
import { namedJobs } from '../app/named-inputs.js';
import { type Settings, flagOf, type OptionKey, options } from '../config/options.js';
import { ExitCode, SnvgError } from '../errors.js';
import type { JobRequest } from '../pipeline/plan.js';
import { errorLines } from '../ui/error-lines.js';
import { wantsColor } from '../ui/reporter.js';
import { terminalText } from '../ui/terminal-text.js';
import type { CommandContext } from './context.js';
import { runDry } from './dry-run.js';

/** `snvg process --detach <inputs…>`: hands the jobs over and ends at once. */
export async function runDetached(context: CommandContext, inputs: readonly string[], { priority = '0' }: { /** As it was typed. */ priority?: string }): Promise<number> {
  if (!/^-?\d{1,3}$/.test(priority)) throw new SnvgError('USAGE', `--priority is ${JSON.stringify(priority)}`, 'Give a whole number from -999 to 999; larger goes first.');
  const { settings, origins } = context.loaded;
  if (settings.dryRun) return runDry(context, inputs);
  const { places, remarks } = await namedJobs(inputs, { settings, cwd: context.cwd, stdin: process.stdin });
  const typed = (Object.keys(origins) as OptionKey[]).filter((key) => origins[key].from === 'flag');
  const unheard = leftToCoordinator(typed).map((key) => `--${flagOf(options.find((option) => option.key === key) ?? { key })}`);
  if (unheard.length > 0) remarks.push(`${unheard.join(', ')} ${unheard.length === 1 ? 'is' : 'are'} for the coordinator to say, and left out here`);
  return handOver(context, settings, places, { until: 'render', byHand: {}, priority: Number(priority), remarks });
}

/** Hands jobs over and says what became of each; returns the exit code. */
export async function handOver(context: CommandContext, settings: Settings, places: readonly JobPlace[], work: { until: JobRequest['until']; byHand: ByHand; priority: number; remarks?: readonly string[] }): Promise<number> {
  const { stdout, stderr, cwd, env, paths, signal } = context;
  const { json, events, color } = context.loaded.settings;
  const plain = !json && !events;
  const app = await openApp({ settings, paths, signal });
  try {
    for (const text of plain ? (work.remarks ?? []) : []) stdout.write(`${text}\n`);
    const submitted = await submitJobs(app, places, { ...work, cwd, keepGoing: settings.keepGoing, event: (event) => void (events && stdout.write(`${JSON.stringify(event)}\n`)) });
    const coordinators = app.queue.coordinators().length;
    if (json) stdout.write(`${JSON.stringify({ jobs: submitted.map(asJson), coordinators })}\n`);
    for (const one of plain ? submitted : []) {
      if ('error' in one) stderr.write(`${errorLines(one.error, wantsColor({ color }, stderr, env)).join('\n')}\n`);
      else stdout.write(`${lineOf(one)}\n`);
    }
    if (plain && coordinators === 0) stdout.write('no coordinator is running on this machine: start one with snvg coordinate\n');
    return exitCodeOf(submitted);
  } finally {
    await app.close();
  }
}

function nameOf({ name, sourcePath }: JobPlace): string {
  return terminalText(name ?? basename(sourcePath));
}

function lineOf(one: Extract<Submitted, { submission: unknown }>): string {
  const { place, submission } = one;
  const id = place.jobId;
  switch (submission) {
    case 'queued':
      return `job ${id} queued: ${nameOf(place)} → ${terminalText(place.outputDir)} (watch it: snvg jobs attach ${id})`;
    case 'waiting':
      return `job ${id} waits already: ${nameOf(place)} (watch it: snvg jobs attach ${id})`;
    case 'changed':
      return `job ${id} waits already and takes the new settings: ${nameOf(place)} (watch it: snvg jobs attach ${id})`;
    case 'running':
      return `job ${id} is being worked on already: ${nameOf(place)} (watch it: snvg jobs attach ${id})`;
  }
}

function asJson(one: Submitted): Record<string, unknown> {
  const { jobId: id, sourcePath: source, outputDir } = one.place;
  if ('error' in one) return { id, state: 'refused', source, outputDir, error: one.error };
  return { id, state: one.submission === 'running' ? 'running' : 'queued', source, outputDir, submission: one.submission };
}

function exitCodeOf(submitted: readonly Submitted[]): number {
  const codes = submitted.map((one) => ('error' in one ? one.error.exitCode : ExitCode.ok));
  return new Set(codes).size > 1 ? ExitCode.partlyDone : (codes[0] ?? ExitCode.ok);
}
