import type { RunEvent } from '../pipeline/run-event.js';
import { byteSize, clock, count, roughSpan, span } from './format.js';
import { elsewhereText, jobTotals, type JobView } from './run-view.js';
import { terminalText } from './terminal-text.js';

export type Tone = 'normal' | 'good' | 'warn' | 'bad' | 'dim';
export interface Line {
  text: string;
  tone: Tone;
}

const longRunSeconds = 60;

/** Whose line it is, when several jobs run; the lines that name their source say so themselves. */
export function whose(event: RunEvent, job: JobView, inputs: number): string {
  return inputs > 1 && event.type !== 'job-started' && event.type !== 'job-held' && event.type !== 'job-queued' ? `[${terminalText(job.source)}] ` : '';
}

/** How far a source has been brought here: `fetching: 27 % (12 MB of 45 MB)`. */
export function fetchText({ receivedBytes, totalBytes }: NonNullable<JobView['fetch']>): string {
  if (totalBytes === undefined || totalBytes === 0) return `fetching: ${byteSize(receivedBytes)}`;
  return `fetching: ${Math.floor((100 * receivedBytes) / totalBytes)} % (${byteSize(receivedBytes)} of ${byteSize(totalBytes)})`;
}

/** What one event is worth saying, one line each; most events are worth nothing. `job` is the job after the event. */
export function eventLines(event: RunEvent, job: JobView): Line[] {
  switch (event.type) {
    case 'job-started': {
      const length = event.durationUs === undefined ? '' : ` (${clock(event.durationUs)})`;
      return [{ text: `${terminalText(event.source)}${length} → ${terminalText(event.outputDir)}`, tone: 'normal' }];
    }
    case 'estimated':
      // A short run is over before anybody plans by it.
      return event.wallSeconds < longRunSeconds ? [] : [{ text: `about ${roughSpan(event.wallSeconds)}, ${byteSize(event.diskBytes)}`, tone: 'dim' }];
    case 'job-queued':
      return [{ text: `${terminalText(event.source)} waits for a coordinator (snvg coordinate)`, tone: 'dim' }];
    case 'job-held':
      return [{ text: `${terminalText(event.source)} is worked on by process ${event.pid} on ${terminalText(event.host)}; looked after again later`, tone: 'dim' }];
    case 'stage-finished': {
      const cached = event.cachedTasks === 0 ? '' : `, ${event.cachedTasks === event.tasks ? 'all' : event.cachedTasks} known already`;
      const tone = event.state === 'failed' ? 'bad' : 'normal';
      const stage = job.stages.get(event.stage);
      const elsewhere = stage ? elsewhereText(stage, (task) => !task.cached) : '';
      return [{ text: `${event.stage}: ${event.state === 'failed' ? 'failed' : 'done'} (${count(event.tasks, 'task')}${cached}${elsewhere && `, ${elsewhere}`}, ${span(event.cpuSeconds * 1000)} CPU)`, tone }];
    }
    case 'notice': {
      const { code, message, remedy, severity } = event.notice;
      return [{ text: `${severity === 'info' ? 'note' : 'warning'} ${code}: ${terminalText(message)} ${terminalText(remedy)}`.trimEnd(), tone: severity === 'info' ? 'dim' : 'warn' }];
    }
    case 'task-failed':
      return [{ text: `${terminalText(event.label)} failed: ${event.error.code}: ${terminalText(event.error.message)}`, tone: 'bad' }];
    case 'clip-ready':
      return [
        {
          text: `clip ${event.index} ready: ${terminalText(event.title)} (${event.format}, ${clock(event.durationUs)}, score ${Math.round(event.score)}) ${terminalText(event.path)}`,
          tone: 'good',
        },
      ];
    case 'job-finished':
      return [summary(event, job)];
    default:
      return [];
  }
}

const outcome = { done: 'done', 'partly-done': 'partly done', failed: 'failed', cancelled: 'cancelled' } as const;

function summary(event: Extract<RunEvent, { type: 'job-finished' }>, job: JobView): Line {
  const { tasks, cached, cpuSeconds } = jobTotals(job);
  const facts = [span(event.at - job.startedAtMs), `${span(cpuSeconds * 1000)} CPU`];
  if (cached > 0) facts.push(`${cached} of ${count(tasks, 'task')} known already`);
  const made = event.clips ? `: ${count(event.clips, 'clip')} in ${terminalText(event.outputDir)}` : event.clips === 0 ? ': no clip' : '';
  const tone = event.state === 'done' ? 'good' : event.state === 'failed' ? 'bad' : 'warn';
  return { text: `${outcome[event.state]}${made} (${facts.join(', ')})`, tone };
}
