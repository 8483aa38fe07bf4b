import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { cleanup, render } from 'ink-testing-library';
import stringWidth from 'string-width';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LiveView, type LiveState } from '../../src/ui/ink/live-view.js';
import { eventLines } from '../../src/ui/lines.js';
import { RunView } from '../../src/ui/run-view.js';
import { sampleRun } from './fixtures/sample-run.js';

afterEach(cleanup);

const script = sampleRun();

/** What the view knows after some of a run's events, on a terminal of this size. */
function stateAfter(events: readonly (typeof script)[number][], size: { columns: number; rows: number } = { columns: 100, rows: 30 }): LiveState {
  const view = new RunView();
  const log = events.flatMap((event) => {
    const job = view.apply(event);
    return event.type === 'stage-finished' ? [] : eventLines(event, job);
  });
  return { jobs: [...view.jobs.values()], batch: { inputs: view.jobs.size, done: 0, failed: 0, startedAtMs: events[0]?.at ?? 0 }, log: log.map((line, id) => ({ ...line, id })), nowMs: events.at(-1)?.at ?? 0, tick: 3, ...size };
}
function rawFrameOf(state: LiveState): string {
  return render(<LiveView {...state} />).lastFrame() ?? '';
}
function frameOf(state: LiveState): string {
  return stripVTControlCharacters(rawFrameOf(state));
}
const until = (type: string, taskKey: string): typeof script => script.slice(0, script.findIndex((event) => event.type === type && 'taskKey' in event && event.taskKey === taskKey) + 1);

describe('a frame', () => {
  it('shows stages with progress and what is left of them', () => {
    const frame = frameOf(stateAfter(until('task-finished', 't3')));
    expect(frame).toContain('talk.mp4 (4:18) → talk.snvg');
    expect(frame).toMatch(/✓ ingest +1 task, known already/);
    expect(frame).toMatch(/⠸ transcribe +━{15}─{15} +50 % +4 of 8 +13 s left/);
    expect(frame).toMatch(/· analyze +1 task done, more to come/);
    expect(frame).toMatch(/· render/);
    // The renders are not known yet, so neither is the end.
    expect(frame).toMatch(/so far · Ctrl-C stops/);
  });

  it('shows clips as they become ready, notices, and the time left', () => {
    const frame = frameOf(stateAfter(until('task-finished', 'r1')));
    expect(frame).toContain('clip 1 ready: Ten seconds before people decide');
    expect(frame).not.toContain('clip 3 ready');
    expect(frame).toContain('warning NO_FACE_FOUND');
    expect(frame).toMatch(/· about 7\.0 s left · 1 clip ready/);
  });

  it('ends with a summary and nothing that still turns', () => {
    const frame = frameOf(stateAfter(script));
    expect(frame.trimEnd().split('\n').at(-1)).toBe('done: 3 clips in talk.snvg (56 s, 1 min 02 s CPU, 1 of 17 tasks known already)');
    expect(frame).not.toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/);
  });

  it('a failed task and job are said in red', () => {
    const error = { code: 'RENDER_UNVERIFIED', message: 'black for 2 s', remedy: 'Run again.', exitCode: 8 };
    const of = { jobId: 'job-1', at: 1, stage: 'render', op: 'render.clip', label: 'clip 1 · vertical', taskKey: 'r0' } as const;
    const frame = render(<LiveView {...stateAfter([...script.slice(0, 1), { type: 'task-failed', ...of, error }, { type: 'job-finished', jobId: 'job-1', at: 2, state: 'failed', outputDir: 'talk.snvg', clips: 0, error }])} />).lastFrame() ?? '';
    expect(frame).toContain('clip 1 · vertical failed: RENDER_UNVERIFIED: black for 2 s');
    expect(frame).toContain('failed: no clip');
  });

  it('one line a job when several run, whatever their names hold', () => {
    const several = ['a', 'b', 'c'].flatMap((jobId) => sampleRun({ jobId, source: `${jobId}\u001b[2J${'長'.repeat(60)}.mp4` }).slice(0, 20));
    const live = rawFrameOf({ ...stateAfter(several, { columns: 80, rows: 24 }), log: [] });
    const lines = stripVTControlCharacters(live).split('\n');
    // One for each job, one for all.
    expect(lines).toHaveLength(4);
    expect(lines[3]).toMatch(/^0 of 3 inputs done · .* so far · Ctrl-C stops/);
    for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(80);
    expect(live).not.toContain('\u001b[2J');
  });

  it('shows who else works on an input, what is being fetched, and how far all inputs are', () => {
    const at = 1_700_000_000_000;
    const frame = frameOf({
      ...stateAfter([
        { type: 'job-held', jobId: 'a', at, source: 'a.mp4', outputDir: 'a.snvg', pid: 4711, host: 'here' },
        { type: 'job-started', jobId: 'b', at, source: 'b.mp4', outputDir: 'b.snvg' },
        { type: 'fetch-progress', jobId: 'b', at, receivedBytes: 12_000_000, totalBytes: 48_000_000 },
      ]),
      batch: { inputs: 6, done: 1, failed: 2, startedAtMs: at },
      log: [],
    });
    expect(frame).toMatch(/⠸ b\.mp4 {2}fetching: 25 % \(12\.0 MB of 48\.0 MB\)\n· a\.mp4 {2}worked on by process 4711\n1 of 6 inputs done · 2 failed · 1 elsewhere · 1 to come/);
  });

  it.each([[20, 8], [40, 12], [60, 24], [200, 60]])('stays lower than a terminal of %d × %d, so that redrawing never scrolls', (columns, rows) => {
    for (const count of [1, 12, 40, 80, 110]) {
      const frame = frameOf({ ...stateAfter(script.slice(0, count), { columns, rows }), log: [] });
      expect(frame.split('\n').length).toBeLessThan(rows);
    }
  });
});

const hasTmux = spawnSync('tmux', ['-V']).status === 0;
if (!hasTmux && process.env['CI'] === 'true') throw new Error('the live view is tested in tmux, which is not installed here');

// A real terminal between the program and what is looked at.
describe.skipIf(!hasTmux)('on a terminal (skipped where tmux is not installed)', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  // One server a test: a new client may still reach the last test's server while it is ending.
  let socket = '';
  beforeEach(() => {
    socket = `snvg-test-${randomUUID()}`;
  });
  const tmux = (...args: string[]): string => execFileSync('tmux', ['-L', socket, '-f', '/dev/null', ...args], { encoding: 'utf8' });
  afterEach(() => {
    spawnSync('tmux', ['-L', socket, 'kill-server']);
  });
  async function screen(pattern: RegExp): Promise<string> {
    let seen = '';
    for (let attempt = 0; attempt < 400; attempt += 1) {
      seen = tmux('capture-pane', '-p', '-S', '-200');
      if (pattern.test(seen)) return seen;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the screen never showed ${pattern.source}; it shows:\n${seen}`);
  }
  function start(speed: number): void {
    const app = `env -u CI -u NO_COLOR TERM=xterm-256color ${process.execPath} --import tsx test/ui/fixtures/live-app.ts ${speed}; echo "exit $?"; exec cat`;
    tmux('new-session', '-d', '-x', '100', '-y', '30', '-c', root, app);
  }

  it('plays to its end and leaves each clip on the screen once', async () => {
    start(20);
    const seen = await screen(/exit 0/);
    expect(seen.match(/clip \d ready/g)).toEqual(['clip 1 ready', 'clip 2 ready', 'clip 3 ready']);
    expect(seen).toContain('closed at the end');
    expect(tmux('display-message', '-p', '#{cursor_flag}').trim()).toBe('1');
  });

  it('survives being made smaller and larger, and ends cleanly on Ctrl-C', async () => {
    start(2);
    await screen(/transcribe {2}━/);
    tmux('resize-window', '-x', '50', '-y', '10');
    await screen(/talk\.mp4 \(4:18\) {2}transcribe \d+ %/);
    tmux('resize-window', '-x', '120', '-y', '30');
    await screen(/transcribe {2}━/);
    tmux('send-keys', 'C-c');
    const seen = await screen(/exit 130/);
    expect(seen).toContain('closed after a signal');
    // The title was written once and not again by any redraw.
    expect(seen.match(/→ talk\.snvg/g)).toHaveLength(1);
    expect(tmux('display-message', '-p', '#{cursor_flag}').trim()).toBe('1');
  });
});
