import { openApp, type App } from '../app/app.js';
import { cancelJob } from '../app/coordinate/cancel-job.js';
import { keptSettings } from '../app/coordinate/kept-settings.js';
import { readKeptRequest } from '../app/job-request.js';
import { cleanJobs } from '../app/clean-jobs.js';
import type { JobRow } from '../app/app.js';
import { publicationsOfJob } from '../app/publishing/job-publications.js';
import { storedInput } from '../app/named-inputs.js';
import { byteSize, count } from '../ui/format.js';
import { aligned, terminalText } from '../ui/terminal-text.js';
import type { CommandContext } from './context.js';
import { handOver } from './detach.js';
import { runPlaces } from './process.js';

async function withApp<T>(context: CommandContext, body: (app: App) => T | Promise<T>): Promise<T> {
  const app = await openApp({ settings: context.loaded.settings, paths: context.paths, signal: context.signal });
  try {
    return await body(app);
  } finally {
    await app.close();
  }
}

/** A job that says `running` without a living process was killed: it goes on with the next run. */
function shownState(app: App, job: JobRow): string {
  return job.state === 'running' && !app.jobs.isActive(job) ? 'interrupted' : job.state;
}

/** Why a job is not done, or who works on it, in a word or two. */
function shownReason(app: App, job: JobRow): string {
  if (app.jobs.isActive(job)) return `process ${job.lease?.pid}`;
  if (job.state === 'queued') return app.queue.coordinators().length === 0 ? 'no coordinator' : '';
  return job.state === 'done' ? '' : (job.error?.code ?? '');
}

/** `snvg jobs list` */
export function runJobsList(context: CommandContext): Promise<number> {
  return withApp(context, (app) => {
    const jobs = app.jobs.list().map((job) => ({ ...job, state: shownState(app, job), reason: shownReason(app, job) }));
    if (context.loaded.settings.json) {
      context.stdout.write(`${JSON.stringify({ jobs: jobs.map(({ id, state, sourcePath, outputDir, updatedMs, error }) => ({ id, state, source: sourcePath, outputDir, updatedMs, ...(error ? { error } : {}) })) })}\n`);
      return 0;
    }
    if (jobs.length === 0) context.stdout.write('No jobs yet: snvg process video.mp4\n');
    for (const line of aligned(jobs.map((job) => [job.id, job.state, job.reason, new Date(job.updatedMs).toISOString().slice(0, 16).replace('T', ' '), terminalText(job.sourcePath)]))) {
      context.stdout.write(`${line}\n`);
    }
    return 0;
  });
}

/** `snvg jobs show <job>` */
export function runJobsShow(context: CommandContext, id: string): Promise<number> {
  return withApp(context, async (app) => {
    const job = app.jobs.get(id);
    const tasks = app.events.tasks(job.id);
    const publications = await publicationsOfJob(app, job.id);
    const state = shownState(app, job);
    if (context.loaded.settings.json) {
      context.stdout.write(`${JSON.stringify({ job: { id: job.id, state, source: job.sourcePath, outputDir: job.outputDir, error: job.error, createdMs: job.createdMs, updatedMs: job.updatedMs }, tasks, publications })}\n`);
      return 0;
    }
    const rows = [
      ['job', job.id],
      ['state', state],
      ['source', terminalText(job.sourcePath)],
      ['output', terminalText(job.outputDir)],
      ...(job.error ? [['error', terminalText(`${job.error.code}: ${job.error.message}`)], ['', terminalText(job.error.remedy)]] : []),
    ];
    for (const line of aligned(rows)) context.stdout.write(`${line}\n`);
    for (const line of aligned(tasks.map((task) => [`  ${task.stage}`, terminalText(task.label), task.state, task.cached ? 'cached' : `${task.cpuSeconds.toFixed(1)} CPU s`]))) context.stdout.write(`${line}\n`);
    for (const one of publications) context.stdout.write(`  published ${terminalText(one.title)} to ${one.platform}: ${one.state} ${terminalText(one.url ?? '')}\n`);
    return 0;
  });
}

/** `snvg jobs events <job>`: the event log as JSON lines. */
export function runJobsEvents(context: CommandContext, id: string): Promise<number> {
  return withApp(context, (app) => {
    for (const { seq, event } of app.events.read(app.jobs.get(id).id)) context.stdout.write(`${JSON.stringify({ seq, ...event })}\n`);
    return 0;
  });
}

/**
 * `snvg jobs retry <job>`: goes on with what was asked when the job was last started; one that a coordinator had is handed to a
 * coordinator again.
 */
export async function runJobsRetry(context: CommandContext, id: string): Promise<number> {
  const job = await withApp(context, (app) => app.jobs.get(id));
  const { json, events, color } = context.loaded.settings;
  const settings = await keptSettings(job, context.paths.configDir, { fresh: false, json, events, color });
  const { until, byHand } = readKeptRequest(job.request);
  const place = { jobId: job.id, sourcePath: job.sourcePath, outputDir: job.outputDir, ...storedInput(job.sourcePath) };
  if (job.detached) return handOver(context, settings, [place], { until, byHand, priority: job.priority });
  return runPlaces({ ...context, loaded: { ...context.loaded, settings } }, [place], { until, byHand });
}

/** `snvg jobs cancel <job>` */
export function runJobsCancel(context: CommandContext, id: string): Promise<number> {
  return withApp(context, (app) => {
    const job = app.jobs.get(id);
    const said = {
      asked: `job ${job.id} will stop within a second; finished work is kept${job.lease && job.lease.host !== app.self.host ? ` (should ${terminalText(job.lease.host)} be no more, cancel it once more)` : ''}`,
      cancelled: job.state === 'queued' ? `job ${job.id} is taken out of the queue` : `nothing works on job ${job.id} any more, and nothing will; finished work is kept`,
      idle: `nothing is working on job ${job.id}`,
    };
    context.stdout.write(`${said[cancelJob(app, job)]}\n`);
    return 0;
  });
}

/** `snvg jobs clean [job…] [--all]`: forgets jobs and frees the cache nothing refers to. Clips and publications stay. */
export function runJobsClean(context: CommandContext, ids: readonly string[], flags: { all: boolean }): Promise<number> {
  return withApp(context, async (app) => {
    const chosen = flags.all ? app.jobs.list() : ids.map((id) => app.jobs.get(id));
    const { jobs, removed, freedBytes } = await cleanJobs(app, chosen);
    context.stdout.write(`forgot ${count(jobs, 'job')}, removed ${count(removed, 'cached file')} (${byteSize(freedBytes)})\n`);
    return 0;
  });
}
