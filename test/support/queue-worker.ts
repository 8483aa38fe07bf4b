import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { processesOf, workerFolder } from './local-agent.js';

const program = resolve(import.meta.dirname, '../../bin/snvg.js');

export interface QueueWorker {
  readonly home: string;
  readonly id: string;
  readonly process: ChildProcess;
  readonly healthPort: number;
  readonly ffmpeg: SwitchedFfmpeg;
  /** What it printed. */
  output(): string;
  /** Its exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
  /** Ends it and all that belongs to it, and removes its home. */
  remove(): Promise<void>;
}

/** An ffmpeg that is the real one, but for conforming, where it does what it was last told. */
export interface SwitchedFfmpeg {
  path: string;
  /** Of the one that hangs. */
  pidFile: string;
  /** `hang`: begins and never ends; `kill`: takes the process that started it along; `work`: as ever. */
  set(what: 'hang' | 'kill' | 'work'): void;
}

function switchedFfmpeg(dir: string): SwitchedFfmpeg {
  const path = join(dir, 'switched-ffmpeg');
  const pidFile = join(dir, 'ffmpeg.pid');
  const mark = (name: string): string => join(dir, `ffmpeg-${name}`);
  writeFileSync(
    path,
    `#!/bin/sh\ncase "$*" in *+genpts*)\n  if [ -e '${mark('kill')}' ]; then kill -9 $PPID; exit 1; fi\n  if [ -e '${mark('hang')}' ]; then echo half > half-made; echo $$ > '${pidFile}.new'; mv '${pidFile}.new' '${pidFile}'; exec sleep 300; fi;;\nesac\nexec ffmpeg "$@"\n`,
    { mode: 0o755 },
  );
  return {
    path,
    pidFile,
    set: (what) => {
      for (const name of ['hang', 'kill']) rmSync(mark(name), { force: true });
      if (what === 'work') rmSync(pidFile, { force: true });
      else writeFileSync(mark(what), '');
    },
  };
}

/** A real `snvg worker --queue` with a home of its own. Needs a build. */
export async function startQueueWorker(options: { queue: string; store: string; memoFile: string; args?: readonly string[] }): Promise<QueueWorker> {
  const home = mkdtempSync(join(tmpdir(), 'snvg-worker-'));
  mkdirSync(workerFolder(home), { recursive: true });
  // What was inspected once need not be inspected by each.
  if (existsSync(options.memoFile)) copyFileSync(options.memoFile, join(workerFolder(home), 'inspected.json'));
  const ffmpeg = switchedFfmpeg(home);
  const { TMPDIR: _, ...env } = process.env;
  const child = spawn(process.execPath, [program, 'worker', '--store', options.store, '--ffmpeg', ffmpeg.path, '--slots', '2', '--health-port', '0', '--json', '--log-level', 'info', ...(options.args ?? [])], {
    cwd: home,
    env: { ...env, SNVG_HOME: home, SNVG_QUEUE: options.queue },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const exited = once(child, 'exit').then(([code, signal]) => (code as number | null) ?? (signal as NodeJS.Signals | null));
  const remove = async (): Promise<void> => {
    for (const { pid } of processesOf(home)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has just ended.
      }
    }
    await exited;
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  for (let looks = 0; !/^\{"worker".*\}$/m.test(output); looks += 1) {
    if (looks === 1_200 || child.exitCode !== null) {
      await remove();
      throw new Error(`the worker did not start: ${output}`);
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  const ready = JSON.parse(/^\{"worker".*\}$/m.exec(output)?.[0] ?? '{}') as { worker: string; healthPort: number };
  return { home, id: ready.worker, process: child, healthPort: ready.healthPort, ffmpeg, output: () => output, exited, remove };
}
