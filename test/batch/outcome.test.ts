import { describe, expect, test } from 'vitest';
import { adoptable } from '../../src/app/held-elsewhere.js';
import { exitCodeOf, summarise, type InputOutcome } from '../../src/app/batch-result.js';
import { inputsAtOnce } from '../../src/app/batch-width.js';
import type { JobRow } from '../../src/app/app.js';
import type { Settings } from '../../src/config/options.js';
import { loadSettings } from '../../src/config/load.js';
import { type ErrorCode, SnvgError } from '../../src/errors.js';
import { batchTable } from '../../src/ui/batch-table.js';

const running = new AbortController().signal;

function ended(name: string, state: InputOutcome['state'], code?: ErrorCode, clips = 0): InputOutcome {
  return { jobId: name, name, source: `/v/${name}`, outputDir: `/v/${name}.snvg`, state, clips, wallMs: 1_500, error: code && new SnvgError(code, `${name} did not work\u001b[2J`, 'Try another.') };
}
const done = ended('a.mp4', 'done', undefined, 3);
const missing = ended('b.mp4', 'failed', 'MEDIA_MISSING');
const none = ended('c.mp4', 'failed', 'NO_CLIP');
const lesser = ended('d.mp4', 'done', 'DEGRADED', 2);
const partly = ended('e.mp4', 'partly-done', 'PARTLY_DONE', 1);
const left = ended('f.mp4', 'not-started');

test.each<[string, InputOutcome[], number]>([
  ['all done', [done, done], 0],
  ['one alone', [none], 8],
  ['some failed', [done, missing], 7],
  ['some partly done', [done, partly], 7],
  ['none with a clip', [none, none], 8],
  ['one without a clip', [done, none], 7],
  ['all missing', [missing, missing], 3],
  ['failed in two ways', [missing, none], 7],
  ['the first failed, nothing else was tried', [missing, left, left], 3],
  ['one failed after one was done', [done, missing, left], 7],
  ['all made, some in a lesser way', [done, lesser], 8],
  ['some in a lesser way, one failed', [lesser, none], 8],
  ['one cancelled', [done, ended('g.mp4', 'cancelled', 'TERMINATED')], 7],
])('exit code: %s', (_, outcomes, code) => {
  expect(exitCodeOf(outcomes, running)).toBe(code);
});

test('a signal gives its own exit code, unless everything was done by then', () => {
  const stopped = AbortSignal.abort(new SnvgError('INTERRUPTED', 'Stopped', 'Run again.'));
  expect(exitCodeOf([done, left], stopped)).toBe(130);
  expect(exitCodeOf([missing, ended('g.mp4', 'cancelled', 'INTERRUPTED')], stopped)).toBe(130);
  expect(exitCodeOf([done, done], stopped)).toBe(0);
});

describe('the table', () => {
  const outcomes = [done, missing, { ...done, name: `${'長'.repeat(50)}.mp4` }, left];
  const end = { outcomes, summary: summarise(outcomes, 65_000.4) };

  test('says how each ended, in one line each', () => {
    const lines = batchTable(end).map(({ text }) => text);
    expect(lines).toHaveLength(outcomes.length + 2);
    expect(lines[1]).toMatch(/^a\.mp4 +done +3 +1\.5 s$/);
    expect(lines[2]).toMatch(/^b\.mp4 +failed +0 +1\.5 s +MEDIA_MISSING: b\.mp4 did not work/);
    expect(lines[4]).toMatch(/^f\.mp4 +not started/);
    expect(lines.at(-1)).toBe('2 of 4 inputs done, 1 failed, 1 not started: 6 clips (1 min 05 s)');
    expect(lines.join('')).not.toContain('\u001b');
  });

  test.each([100, 60, 40])('fits into %d columns', async (columns) => {
    const { default: stringWidth } = await import('string-width');
    const lines = batchTable(end, columns);
    for (const { text } of lines) expect(stringWidth(text)).toBeLessThanOrEqual(columns);
    expect(lines.some(({ text }) => text.includes('MEDIA_MISSING'))).toBe(true);
  });

  test('counts no clips where none were to be made', () => {
    const probed = outcomes.map((outcome) => ({ ...outcome, clips: undefined }));
    const lines = batchTable({ outcomes: probed, summary: summarise(probed, 1_000) }).map(({ text }) => text);
    expect(lines.join('\n')).not.toContain('clip');
  });
});

test.each([
  [{ cores: 2, memoryBytes: 8e9 }, 5, 2],
  [{ cores: 2, memoryBytes: 8e9 }, 1, 1],
  [{ cores: 1, memoryBytes: 8e9 }, 5, 1],
  [{ cores: 16, memoryBytes: 64e9 }, 50, 4],
  [{ cores: 64, memoryBytes: 256e9 }, 50, 8],
  [{ cores: 8, memoryBytes: 1e9 }, 50, 1],
])('inputs at once on %j with %d inputs: %d', (machine, inputs, atOnce) => {
  expect(inputsAtOnce({ jobs: null, concurrency: null }, inputs, machine)).toBe(atOnce);
  expect(inputsAtOnce({ jobs: 3, concurrency: null }, inputs, machine)).toBe(Math.min(3, inputs));
});

async function settingsOf(flags: Partial<Settings>): Promise<Settings> {
  return (await loadSettings({ flags, env: {}, cwd: '/nowhere', configDir: '/nowhere' })).settings;
}

test('what another process let go of is run again unless it failed under the same settings or was cancelled', async () => {
  const settings = await settingsOf({ clips: 3 });
  const stored = JSON.parse(JSON.stringify({ ...settings, output: '/v/a.snvg' })) as Record<string, unknown>;
  const row: JobRow = { id: 'a', sourcePath: '/v/a.mp4', outputDir: '/v/a.snvg', state: 'failed', settings: stored, error: null, createdMs: 0, updatedMs: 0, cancelRequested: false, request: {}, detached: false, priority: 0, lease: null };
  expect(adoptable(row, settings)).toBe(false);
  expect(adoptable(row, await settingsOf({ clips: 3, json: true, jobs: 4, keepGoing: true }))).toBe(false);
  expect(adoptable(row, await settingsOf({ clips: 4 }))).toBe(true);
  expect(adoptable({ ...row, state: 'done' }, settings)).toBe(true);
  expect(adoptable({ ...row, state: 'running', lease: { host: 'h', pid: 1, startTime: '1' } }, settings)).toBe(true);
  expect(adoptable({ ...row, state: 'cancelled' }, settings)).toBe(true);
  expect(adoptable({ ...row, state: 'cancelled', cancelRequested: true }, settings)).toBe(false);
});
