import { stripVTControlCharacters } from 'node:util';
import { cleanup, render } from 'ink-testing-library';
import { afterEach, expect, it } from 'vitest';
import type { RunEvent } from '../../src/pipeline/run-event.js';
import { createCoordinatorReporter } from '../../src/ui/coordinator-lines.js';
import { LiveView } from '../../src/ui/ink/live-view.js';
import { createReporter } from '../../src/ui/reporter.js';
import { RunView } from '../../src/ui/run-view.js';
import { sampleRun } from './fixtures/sample-run.js';
import { keepingStream } from './fixtures/streams.js';

afterEach(cleanup);

/** The sample run with some of its tasks on other machines, one of which has a name that must not reach a terminal as it is. */
const hosts: Record<string, string> = { t2: 'anna', t4: 'anna', t5: 'bert\u001b[31m', r1: 'anna' };
const script = sampleRun().map((event): RunEvent => {
  const host = event.type === 'task-started' ? hosts[event.taskKey] : undefined;
  return host === undefined ? event : ({ ...event, host } as RunEvent);
});

/** The events until some of the sentences are being heard on anna and bert at once. */
const midway = script.slice(0, script.findIndex((event) => event.type === 'task-started' && event.taskKey === 't5') + 1);

async function plainLines(events: readonly RunEvent[]): Promise<string[]> {
  const stdout = keepingStream();
  const reporter = await createReporter({ mode: 'plain', stdout, stderr: keepingStream(), run: { inputs: 1, signal: new AbortController().signal } });
  for (const event of events) reporter.event(event);
  await reporter.close();
  return stdout.text().split('\n').slice(0, -1);
}

it('the plain view says where the tasks of a stage run and ran, as far as that is not here', async () => {
  const lines = await plainLines(script);
  expect(lines).toContainEqual(expect.stringMatching(/^transcribe: \d+ % \(\d of 8, 1 on bert/));
  expect(lines.find((line) => line.startsWith('transcribe: done'))).toMatch(/^transcribe: done \(8 tasks, 2 on anna, 1 on bert\S*, 28 s CPU\)$/);
  expect(lines.find((line) => line.startsWith('render: done'))).toBe('render: done (3 tasks, 1 on anna, 23 s CPU)');
  expect(lines.find((line) => line.startsWith('segment: done'))).toBe('segment: done (1 task, 0.4 s CPU)');
  expect(lines.join('')).not.toContain('\u001b');
});

it('the live view says it beside what runs, and in one line for several jobs', () => {
  const view = new RunView();
  for (const event of midway) view.apply(event);
  const state = { jobs: [...view.jobs.values()], batch: { inputs: 1, done: 0, failed: 0, startedAtMs: 0 }, log: [], nowMs: midway.at(-1)?.at ?? 0, tick: 3, columns: 120, rows: 30, ctrlC: 'Ctrl-C ends the showing; the job goes on' };
  const frame = stripVTControlCharacters(render(<LiveView {...state} />).lastFrame() ?? '');
  expect(frame).toMatch(/transcribe .*1 on bert/);
  expect(frame).toContain('Ctrl-C ends the showing; the job goes on');
  const several = stripVTControlCharacters(render(<LiveView {...state} batch={{ ...state.batch, inputs: 2 }} />).lastFrame() ?? '');
  expect(several).toMatch(/talk\.mp4 .*transcribe \d+ % .*1 on bert/);
});

it('a job that waits for a coordinator says so, and a coordinator’s lines begin with the job’s id', () => {
  const queued: RunEvent = { type: 'job-queued', jobId: 'j9', at: 1, source: 'wait.mp4', outputDir: '/out' };
  const view = new RunView();
  view.apply(queued);
  const waiting = { jobs: [...view.jobs.values()], batch: { inputs: 1, done: 0, failed: 0, startedAtMs: 0 }, log: [], nowMs: 5, tick: 0, columns: 100 };
  expect(stripVTControlCharacters(render(<LiveView {...waiting} rows={30} />).lastFrame() ?? '')).toContain('waiting for a coordinator · ');
  expect(stripVTControlCharacters(render(<LiveView {...waiting} rows={8} />).lastFrame() ?? '')).toContain('wait.mp4  waiting for a coordinator');
  const stdout = keepingStream();
  const reporter = createCoordinatorReporter({ stdout, stderr: keepingStream() }, { events: false });
  reporter.event({ type: 'job-started', jobId: 'j9', at: 2, source: 'wait.mp4', outputDir: '/out' });
  reporter.event({ type: 'job-finished', jobId: 'j9', at: 1_002, state: 'failed', outputDir: '/out', clips: 0, error: { code: 'NO_CLIP', message: 'No clip', remedy: 'Try others.', exitCode: 8 } });
  reporter.event(queued);
  expect(stdout.text().trim().split('\n')).toEqual(['j9 wait.mp4 → /out', 'j9 wait.mp4: failed: no clip (1.0 s, 0.0 s CPU)', 'j9 wait.mp4: NO_CLIP: No clip → Try others.', 'j9 wait.mp4 waits for a coordinator (snvg coordinate)']);
});
