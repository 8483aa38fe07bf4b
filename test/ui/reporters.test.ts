import { describe, expect, it } from 'vitest';
import { SnvgError } from '../../src/errors.js';
import type { RunEvent } from '../../src/pipeline/run-event.js';
import type { BatchEnd } from '../../src/ui/batch-table.js';
import { errorLines, printError } from '../../src/ui/error-lines.js';
import { chooseReporterMode, createReporter, wantsColor, type ReporterMode } from '../../src/ui/reporter.js';
import { sampleRun } from './fixtures/sample-run.js';
import { keepingStream } from './fixtures/streams.js';

async function play(mode: ReporterMode, events: readonly RunEvent[], run: { inputs?: number; signal?: AbortSignal; end?: BatchEnd } = {}): Promise<{ out: string[]; err: string[] }> {
  const stdout = keepingStream();
  const stderr = keepingStream();
  const reporter = await createReporter({ mode, stdout, stderr, run: { inputs: run.inputs ?? 1, signal: run.signal ?? new AbortController().signal } });
  for (const event of events) reporter.event(event);
  if (run.end) reporter.summary(run.end);
  await reporter.close();
  await reporter.close();
  return { out: stdout.text().split('\n').slice(0, -1), err: stderr.text().split('\n').slice(0, -1) };
}

const failure = { code: 'MEDIA_EMPTY', message: 'b.mp4 is empty', remedy: 'Give another file.', exitCode: 3 };
function failedJob(jobId: string, source: string): RunEvent[] {
  return [
    { type: 'job-started', jobId, at: 1, source, outputDir: 'b.snvg' },
    { type: 'job-finished', jobId, at: 2, state: 'failed', outputDir: 'b.snvg', clips: 0, error: failure },
  ];
}

describe('plain', () => {
  it('says one line per meaningful event, and how far long stages are', async () => {
    const { out, err } = await play('plain', sampleRun());
    expect(out).toEqual([
      'talk.mp4 (4:18) → talk.snvg',
      'ingest: done (1 task, all known already, 0.0 s CPU)',
      // After ten quiet seconds; every chunk takes 3.2 s.
      'transcribe: 28 % (2 of 8), about 18 s left',
      'transcribe: 68 % (5 of 8), about 8.0 s left',
      'transcribe: done (8 tasks, 28 s CPU)',
      'segment: done (1 task, 0.4 s CPU)',
      'analyze: done (4 tasks, 10 s CPU)',
      'warning NO_FACE_FOUND: clip 3 shows no face: the whole picture is fitted. Nothing to do.',
      'clip 1 ready: Ten seconds before people decide (vertical, 0:32, score 71) talk.snvg/01-clip.vertical.mp4',
      'clip 2 ready: A pause belongs to the listener (vertical, 0:36, score 65) talk.snvg/02-clip.vertical.mp4',
      'clip 3 ready: Two halves, the same words (vertical, 0:41, score 59) talk.snvg/03-clip.vertical.mp4',
      'render: done (3 tasks, 23 s CPU)',
      'done: 3 clips in talk.snvg (56 s, 1 min 02 s CPU, 1 of 17 tasks known already)',
    ]);
    expect(err).toEqual([]);
  });

  it('says whose line it is when several jobs run, and shows the errors of each', async () => {
    const { out, err } = await play('plain', [...failedJob('a', 'a.mp4'), ...failedJob('b', 'b.mp4')], { inputs: 2 });
    expect(out).toEqual(['a.mp4 → b.snvg', '[a.mp4] failed: no clip (0.0 s, 0.0 s CPU)', 'b.mp4 → b.snvg', '[b.mp4] failed: no clip (0.0 s, 0.0 s CPU)']);
    // An error that does not name its input is given the name.
    expect(err).toEqual(['error MEDIA_EMPTY: a.mp4: b.mp4 is empty', '→ Give another file.', 'error MEDIA_EMPTY: b.mp4 is empty', '→ Give another file.']);
  });

  it('leaves the error of a single job to the command that throws it', async () => {
    expect((await play('plain', failedJob('a', 'a.mp4'))).err).toEqual([]);
  });

  it('shows hostile names and titles as text', async () => {
    const hostile = 'a\u001b]0;owned\u0007\nb\u202E.mp4';
    const events = sampleRun({ source: hostile }).map((event) => (event.type === 'clip-ready' ? { ...event, title: hostile, path: hostile } : event));
    const { out } = await play('plain', events);
    expect(out.join('')).not.toMatch(/[\p{Cc}\u202E]/u);
    expect(out).toHaveLength((await play('plain', sampleRun())).out.length);
  });
});

describe('json', () => {
  it('--events: every event on a line of its own, as it was', async () => {
    const events = sampleRun();
    expect((await play('events', events)).out.map((line) => JSON.parse(line) as unknown)).toEqual(events);
  });

  it('--json: one result', async () => {
    const { out } = await play('json', sampleRun());
    expect(out).toHaveLength(1);
    const { jobs } = JSON.parse(out[0] ?? '') as { jobs: Record<string, unknown>[] };
    expect(jobs).toHaveLength(1);
    expect(jobs[0]).toMatchObject({ id: 'job-1', state: 'done', source: 'talk.mp4', outputDir: 'talk.snvg', manifest: 'talk.snvg/manifest.json' });
    expect(jobs[0]?.['clips']).toEqual(expect.arrayContaining([expect.objectContaining({ index: 1, path: 'talk.snvg/01-clip.vertical.mp4', format: 'vertical' })]));
    expect(jobs[0]?.['stages']).toContainEqual({ id: 'transcribe', state: 'done', tasks: 8, cachedTasks: 0, cpuSeconds: 28.4 });
    expect(jobs[0]?.['notices']).toHaveLength(1);
    expect(jobs[0]).not.toHaveProperty('error');
  });

  it('--json --events: the result after the events', async () => {
    const events = sampleRun();
    const { out } = await play('events+json', events);
    expect(out).toHaveLength(events.length + 1);
    expect(JSON.parse(out.at(-1) ?? '')).toHaveProperty('jobs');
  });

  it('keeps the error of a failed job, and leaves the result to the command when no job was started', async () => {
    expect(JSON.parse((await play('json', failedJob('a', 'a.mp4'))).out[0] ?? '')).toMatchObject({ jobs: [{ state: 'failed', error: failure, manifest: null, clips: [] }] });
    expect((await play('json', [])).out).toEqual([]);
  });
});

describe('which reporter', () => {
  const settings = { json: false, events: false, color: true };
  it.each<[string, Partial<typeof settings>, boolean, NodeJS.ProcessEnv, ReporterMode]>([
    ['a terminal', {}, true, {}, 'live'],
    ['a pipe', {}, false, {}, 'plain'],
    ['NO_COLOR', {}, true, { NO_COLOR: '1' }, 'plain'],
    ['an empty NO_COLOR does not count', {}, true, { NO_COLOR: '' }, 'live'],
    ['--no-color', { color: false }, true, {}, 'plain'],
    ['a CI service', {}, true, { CI: 'true' }, 'plain'],
    ['CI=false', {}, true, { CI: 'false' }, 'live'],
    ['a dumb terminal', {}, true, { TERM: 'dumb' }, 'plain'],
    ['--json', { json: true }, true, {}, 'json'],
    ['--events', { events: true }, true, {}, 'events'],
    ['both', { json: true, events: true }, false, { CI: '1' }, 'events+json'],
  ])('%s', (_, changed, isTTY, env, mode) => {
    expect(chooseReporterMode({ ...settings, ...changed }, { isTTY }, env)).toBe(mode);
  });

  it('colour follows the same signs, CI aside', () => {
    expect(wantsColor({ color: true }, { isTTY: true }, { CI: '1' })).toBe(true);
    expect(wantsColor({ color: true }, {}, {})).toBe(false);
  });
});

describe('errors', () => {
  const error = new SnvgError('MEDIA_MISSING', 'No such file: a\u001b[31m.mp4', 'Check the name.');

  it('are two lines on stderr', () => {
    const stdout = keepingStream();
    const stderr = keepingStream();
    expect(printError(error, { json: false, color: false, stdout, stderr })).toBe(3);
    expect(stderr.text()).toBe('error MEDIA_MISSING: No such file: a\uFFFD[31m.mp4\n→ Check the name.\n');
    expect(stdout.text()).toBe('');
  });

  it('are one object on stdout in JSON', () => {
    const stdout = keepingStream();
    const stderr = keepingStream();
    expect(printError(error, { json: true, color: true, stdout, stderr })).toBe(3);
    expect(JSON.parse(stdout.text())).toEqual({ error: { code: 'MEDIA_MISSING', message: error.message, remedy: 'Check the name.', exitCode: 3 } });
    expect(stderr.text()).toBe('');
  });

  it('show a stack only for a fault in snvg and only when asked', () => {
    const stderr = keepingStream();
    const to = { json: false, color: false, stdout: keepingStream(), stderr };
    expect(printError(new TypeError('oops'), to)).toBe(1);
    expect(stderr.text().split('\n')).toHaveLength(3);
    printError(new TypeError('oops'), { ...to, stack: true });
    expect(stderr.text()).toContain('reporters.test.ts');
    const before = stderr.text().length;
    printError(error, { ...to, stack: true });
    expect(stderr.text().slice(before).split('\n')).toHaveLength(3);
  });

  it('are coloured on request', () => {
    expect(errorLines({ code: 'X', message: 'm', remedy: 'r', exitCode: 2 }, true)[0]).toBe('\u001b[31m\u001b[1merror X\u001b[22m\u001b[39m: m');
  });
});
