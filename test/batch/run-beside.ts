import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { RunEvent } from '../../src/pipeline/run-event.js';
import type { Workplace } from '../end-to-end/workplace.js';
import { fixture, snvgBin } from '../wrong-inputs/run-snvg.js';

/** As short as clips of speech may be, as cheap as they can be made. */
export const cheap = ['--clips', '1', '--min-length', '3', '--max-length', '8', '--preset', 'ultrafast'];

/** Some 15 to 20 s of the sample talk, from a keyframe near `fromSeconds`. */
export function shortTalk(place: Workplace, name: string, fromSeconds: number): void {
  execFileSync('ffmpeg', ['-v', 'error', '-ss', String(fromSeconds), '-t', '14', '-i', fixture('talk.mp4'), '-map', '0:v:0', '-map', '0:a:0', '-c', 'copy', '-avoid_negative_ts', 'make_zero', join(place.cwd, name)]);
}

/** A run that goes on beside the test. */
export interface RunningSnvg {
  pid: number;
  events: RunEvent[];
  stderr(): string;
  /** The first event that fits, as soon as it comes. */
  until(fits: (event: RunEvent) => boolean): Promise<RunEvent>;
  ended: Promise<number | null>;
}

/** Starts the built program with `--events`. */
export function startSnvg(place: Workplace, ...args: string[]): RunningSnvg {
  const child = spawn(process.execPath, [snvgBin, ...args, '--events'], { cwd: place.cwd, env: { ...process.env, ...place.environment, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
  const events: RunEvent[] = [];
  const waiting = new Set<() => void>();
  let rest = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) events.push(JSON.parse(line) as RunEvent);
    for (const look of waiting) look();
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const until = (fits: (event: RunEvent) => boolean): Promise<RunEvent> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = events.find((event) => fits(event));
        if (!found) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      void ended.then((code) => reject(new Error(`it ended (${code}) before that: ${stderr}`)));
      look();
    });
  return { pid: child.pid ?? 0, events, stderr: () => stderr, until, ended };
}
