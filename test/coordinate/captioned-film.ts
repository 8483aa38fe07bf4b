import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../../src/jobs/database.js';
import { EventLog } from '../../src/jobs/events.js';
import { Jobs } from '../../src/jobs/jobs.js';
import type { RunEvent } from '../../src/pipeline/run-event.js';
import type { Workplace } from '../end-to-end/workplace.js';
import { makeSmallFilm, quick } from '../places/small-talk.js';
import { snvgBin } from '../wrong-inputs/run-snvg.js';

/** A film of 14 s with its words beside it: nothing has to be heard, and one small clip is made. */
export function captionedFilm(place: Workplace, name: string): void {
  makeSmallFilm(join(place.cwd, `${name}.mp4`));
  writeFileSync(join(place.cwd, `${name}.srt`), '1\n00:00:00,500 --> 00:00:03,400\nThe horse ran over the hill.\n\n2\n00:00:07,500 --> 00:00:10,400\nNobody saw it come back.\n');
}

/** What makes one clip of it, as cheaply as can be. */
export const oneClip = ['--use-captions', '--clips', '1', '--format', 'square', ...quick];

/** Hands a film over and returns the job's id. */
export async function handOver(place: Workplace, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await place.snvg('process', ...oneClip, ...args, '--detach', '--json');
  if (exitCode !== 0) throw new Error(stderr + stdout);
  return (JSON.parse(stdout) as { jobs: { id: string }[] }).jobs[0]?.id ?? '';
}

export interface Beside {
  pid: number;
  /** All its lines on stdout so far. */
  lines: string[];
  stderr(): string;
  /** The first line that holds the text or fits, as soon as it is there. */
  until(wanted: string | ((line: string) => boolean)): Promise<string>;
  ended: Promise<number | null>;
}

/** Starts the built program beside the test; in the end it is killed if it still runs. */
export function beside(place: Workplace, args: readonly string[], env: Record<string, string> = {}): Beside {
  const child = spawn(process.execPath, [snvgBin, ...args], { cwd: place.cwd, env: { ...process.env, ...place.environment, NO_COLOR: '1', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let rest = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    for (const look of waiting) look();
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const until = (wanted: string | ((line: string) => boolean)): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = lines.find((line) => (typeof wanted === 'string' ? line.includes(wanted) : wanted(line)));
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      void ended.then((code) => reject(new Error(`it ended (${code}) before that: ${stderr}${lines.join('\n')}`)));
      look();
    });
  return { pid: child.pid ?? 0, lines, stderr: () => stderr, until, ended };
}

/** How often each task was started and, with work, finished. */
export function taskCounts(events: readonly RunEvent[]): { started: Map<string, number>; finished: Map<string, number> } {
  const counts = { started: new Map<string, number>(), finished: new Map<string, number>() };
  for (const event of events) {
    if (event.type === 'task-started') counts.started.set(event.taskKey, (counts.started.get(event.taskKey) ?? 0) + 1);
    if (event.type === 'task-finished' && !event.cached) counts.finished.set(event.taskKey, (counts.finished.get(event.taskKey) ?? 0) + 1);
  }
  return counts;
}

/** How every job stands, as the database has it. */
export function states(place: Workplace): Record<string, string> {
  return looking(place, (db) => Object.fromEntries(new Jobs(db, { nowMs: () => 0, monotonicMs: () => 0 }, () => false).list().map(({ id, state }) => [id, state])));
}

/** The whole event log of a job. */
export function eventsOf(place: Workplace, id: string): RunEvent[] {
  return looking(place, (db) => new EventLog(db).read(id).map(({ event }) => event));
}

function looking<T>(place: Workplace, look: (db: ReturnType<typeof openDatabase>) => T): T {
  const db = openDatabase(join(place.home, 'data', 'snvg.db'));
  try {
    return look(db);
  } finally {
    db.close();
  }
}
