import Database from 'better-sqlite3';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Prepared, wrongInputs } from './cases.js';
import { type Outcome, runSnvg } from './run-snvg.js';

const document = readFileSync(resolve(import.meta.dirname, '../../docs/inputs-wrong.md'), 'utf8');

/** Every file and folder below `dir`, as relative paths. */
function treeOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .toSorted();
}

/** Files (not folders) snvg keeps in its home. */
function keptFiles(home: string): string[] {
  if (!existsSync(home)) return [];
  return readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
}

/** What could move a terminal's cursor or colour it. */
function controlCharacters(text: string): string[] {
  return [...text].filter((character) => character < ' ' || (character >= '\u007f' && character <= '\u009f'));
}

/** Rows of the table in docs/inputs-wrong.md: what, code, exit code. */
function documentedRows(): string[][] {
  return document
    .split('\n')
    .filter((line) => /^\| \d+ \|/.test(line))
    .map((line) => line.split('|').slice(2, 5).map((cell) => cell.trim().replaceAll('`', '')));
}

describe('wrong inputs', () => {
  let base = '';
  let prepared: Prepared | undefined;

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'snvg-wrong-'));
    // Another user must be able to reach what lies in it.
    chmodSync(base, 0o755);
    prepared = undefined;
  });
  afterEach(() => {
    prepared?.cleanUp?.();
    rmSync(base, { recursive: true, force: true });
  });

  it('are the ones that the documentation lists', () => {
    expect(documentedRows()).toEqual(wrongInputs.map(({ what, code, exitCode }) => [what, code, String(exitCode)]));
  });

  it.for(wrongInputs)('$what', async (entry, context) => {
    // Two cases need root. A person without it is told so; CI has it, and a skip there would hide a lost right.
    if (process.env['CI'] === 'true') expect(entry.skip, 'cannot run in CI').toBeUndefined();
    else context.skip(entry.skip !== undefined, entry.skip);
    const cwd = join(base, 'work');
    const side = join(base, 'side');
    for (const dir of [cwd, side]) mkdirSync(dir);
    prepared = entry.prepare({ cwd, side });
    const home = prepared.env?.['SNVG_HOME'] ?? join(base, 'home');
    const place = prepared.cwd ?? cwd;
    const before = treeOf(place);
    const outcome: Outcome = await runSnvg({ ...prepared, cwd: place, env: { SNVG_HOME: home, ...prepared.env } });

    const lines = outcome.stderr.split('\n');
    expect(lines.pop()).toBe('');
    expect(lines, outcome.stderr).toHaveLength(2);
    expect(lines[0]).toContain(entry.code);
    expect(outcome.exitCode).toBe(entry.exitCode);
    // Progress may be told on stdout; whatever is said holds nothing that moves a terminal.
    expect(controlCharacters((outcome.stdout + outcome.stderr).replaceAll('\n', ''))).toEqual([]);
    expect(outcome.cpuSeconds).toBeLessThanOrEqual(2);
    expect(treeOf(place)).toEqual(before);
    expect(keptFiles(home).filter((name) => !/^snvg\.db(-wal|-shm)?$/.test(name))).toEqual([]);
    expect(jobStates(home)).toEqual(entry.leavesJob ? ['failed'] : []);
  });
});

/** States of the jobs in the database, [] when there is none. */
function jobStates(home: string): string[] {
  const path = join(home, 'data', 'snvg.db');
  if (!existsSync(path)) return [];
  const database = new Database(path, { readonly: true });
  try {
    return (database.prepare('SELECT state FROM jobs').all() as { state: string }[]).map((row) => row.state);
  } finally {
    database.close();
  }
}
