import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { LinkStreams } from '../../src/pipeline/backends/wire/worker-link.js';
import { startPiped } from '../../src/process/piped.js';

const program = resolve(import.meta.dirname, '../../bin/snvg.js');

export interface LocalAgent extends LinkStreams {
  pid: number;
  /** All lines of its log. */
  log: string[];
}

/**
 * A real `snvg worker --stdio` child of this machine, with a home of its own; gone when the test ends. Needs a build.
 * @param options.home whose `cache/worker` it uses
 * @param options.memoFile what was inspected of this machine: the agent need not do so again
 */
export function localAgent(options: { home: string; memoFile?: string; args?: readonly string[]; env?: Record<string, string> }): LocalAgent {
  const log: string[] = [];
  if (options.memoFile !== undefined) {
    mkdirSync(workerFolder(options.home), { recursive: true });
    copyFileSync(options.memoFile, join(workerFolder(options.home), 'inspected.json'));
  }
  const child = startPiped({
    command: process.execPath,
    args: [program, 'worker', '--stdio', '--log-level', 'debug', ...(options.args ?? [])],
    cwd: options.home,
    env: { SNVG_HOME: options.home, ...options.env },
    onStderrLine: (line) => log.push(line),
  });
  onTestFinished(async () => {
    child.kill();
    await child.ended;
  });
  if (child.pid === undefined) throw new Error('the agent could not be started');
  return { read: child.stdout, write: child.stdin, ended: child.ended, kill: child.kill, pid: child.pid, log };
}

/** Where the agent of a home keeps what it has. */
export function workerFolder(home: string): string {
  return join(home, 'cache', 'worker');
}

/** Every living process that belongs to a home: an agent of it, its runner, what that started. Zombies do not live. */
export function processesOf(home: string): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid > 0)
    .flatMap((pid) => {
      try {
        const belongs = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`SNVG_HOME=${home}`);
        return belongs ? [{ pid, command: readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim() }] : [];
      } catch {
        return [];
      }
    });
}

/** Waits until nothing of a home lives. @throws after ten seconds, saying what does */
export async function nothingLives(home: string): Promise<void> {
  for (let looks = 0; ; looks += 1) {
    const living = processesOf(home);
    if (living.length === 0) return;
    if (looks === 100) throw new Error(`still alive: ${living.map(({ pid, command }) => `${pid} ${command}`).join('; ')}`);
    await sleep(100);
  }
}

/** What lies in the scratch folders of a home's agents. */
export function scratchOf(home: string): string[] {
  const dir = join(workerFolder(home), 'scratch');
  return existsSync(dir) ? readdirSync(dir, { recursive: true }).map(String) : [];
}

/** An ffmpeg that is the real one, but for conforming, which it begins and never ends. It writes its pid to `pidFile`. */
export function hangingFfmpeg(dir: string): { path: string; pidFile: string } {
  const path = join(dir, 'ffmpeg-that-hangs');
  const pidFile = join(dir, 'ffmpeg.pid');
  writeFileSync(path, `#!/bin/sh\ncase "$*" in *+genpts*) echo half > half-made; echo $$ > '${pidFile}.new'; mv '${pidFile}.new' '${pidFile}'; exec sleep 300;; esac\nexec ffmpeg "$@"\n`, { mode: 0o755 });
  return { path, pidFile };
}

/** Waits until a file is there, and reads the number in it. */
export async function pidIn(file: string): Promise<number> {
  for (let looks = 0; !existsSync(file); looks += 1) {
    if (looks === 600) throw new Error(`${file} did not come`);
    await sleep(50);
  }
  return Number(readFileSync(file, 'utf8'));
}
