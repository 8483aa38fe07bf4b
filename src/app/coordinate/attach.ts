import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SnvgError } from '../../errors.js';
import type { RunEvent } from '../../pipeline/run-event.js';
import type { App, JobRow } from '../app.js';
import type { InputOutcome } from '../batch-result.js';
import { asError } from '../held-elsewhere.js';
import { storedInput } from '../named-inputs.js';

/** How often the log is read on. */
const pollMs = 200;

export interface AttachOptions {
  event(event: RunEvent): void;
  /** Something that no event tells, one line. */
  say(text: string): void;
}

/**
 * Follows a job to its end, whichever process works on it, from the beginning of its last run on. Stopping to look stops nothing.
 *
 * @returns how it ended; undefined: the app's signal came first
 * @throws {SnvgError} JOB_NOT_FOUND when it is forgotten meanwhile; TERMINATED when its process died and nobody will go on with it
 */
export async function followJob(app: App, job: JobRow, options: AttachOptions): Promise<Omit<InputOutcome, 'wallMs'> | undefined> {
  const { id } = job;
  let seq = beginningOf(app, id);
  let told: 'orphaned' | 'alone' | undefined;
  while (!app.signal.aborted) {
    // Read before the log: whoever ends a job writes the event first.
    const now = app.jobs.get(id);
    for (const { seq: at, event } of app.events.read(id, seq)) {
      seq = at;
      options.event(event);
      if (event.type === 'job-finished') return outcomeOf(now, event);
    }
    if (now.state !== 'running' && now.state !== 'queued') {
      const { state, error, updatedMs: at, outputDir } = now;
      const ended = { type: 'job-finished', jobId: id, at, state, outputDir, ...(error ? { error } : {}) } as const;
      options.event(ended);
      return outcomeOf(now, ended);
    }
    const orphaned = now.state === 'running' && !app.jobs.isActive(now);
    if (orphaned && !now.detached) throw new SnvgError('TERMINATED', `Nothing works on job ${id} any more: its process ended before it was done`, `Finished work is kept; go on with: snvg jobs retry ${id}`);
    const alone = (orphaned || now.state === 'queued') && app.queue.coordinators().length === 0;
    const tell = alone ? 'alone' : orphaned ? 'orphaned' : undefined;
    if (tell !== told && tell === 'alone') options.say('no coordinator is running on this machine: start one with snvg coordinate');
    if (tell !== told && tell === 'orphaned') options.say('the process that worked on it has ended; a coordinator goes on with it');
    told = tell;
    await sleep(pollMs, undefined, { signal: app.signal }).catch(() => {});
  }
  return undefined;
}

/** The number of the event before the last run's first. */
function beginningOf(app: App, id: string): number {
  const first = app.events.read(id).findLast(({ event }) => event.type === 'job-started' || event.type === 'job-queued');
  return (first?.seq ?? 1) - 1;
}

function outcomeOf(job: JobRow, { state, clips, error }: Extract<RunEvent, { type: 'job-finished' }>): Omit<InputOutcome, 'wallMs'> {
  const name = storedInput(job.sourcePath).name ?? basename(job.sourcePath);
  return { jobId: job.id, name, source: job.sourcePath, outputDir: job.outputDir, state, clips, error: error && asError(error) };
}
