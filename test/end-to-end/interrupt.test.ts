import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { fixture, snvgBin } from '../wrong-inputs/run-snvg.js';
import { Workplace } from './workplace.js';

interface Ending {
  exitCode: number | null;
  stderr: string;
}

/** Starts a run, waits for a stage to begin, lets `stop` end it and says how it ended. */
async function stoppedRun(place: Workplace, stage: string, stop: (pid: number) => Promise<void> | void): Promise<Ending> {
  const child = spawn(process.execPath, [snvgBin, 'process', fixture('short-ja.mp4'), '--events'], { cwd: place.cwd, env: { ...process.env, ...place.environment, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  await new Promise<void>((resolve) => {
    let seen = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      seen += text;
      if (seen.includes(`"type":"task-started","taskKey"`) && seen.includes(`"stage":"${stage}"`)) resolve();
    });
  });
  await stop(child.pid ?? 0);
  return { exitCode: await ended, stderr };
}

describe('stopping a run', () => {
  const place = new Workplace();
  afterAll(() => place.leave());

  test('the first Ctrl-C stops children, keeps what is finished, and says so in two lines', async () => {
    const { exitCode, stderr } = await stoppedRun(place, 'render', (pid) => {
      process.kill(pid, 'SIGINT');
    });
    expect(exitCode).toBe(130);
    expect(stderr.trim().split('\n')).toHaveLength(2);
    expect(stderr).toContain('INTERRUPTED');
    expect(readdirSync(join(place.home, 'cache', 'scratch'))).toEqual([]);
    expect((await place.snvg('jobs', 'list')).stdout).toContain('cancelled');
  });

  test('SIGTERM ends with 143, and a second signal ends at once', async () => {
    const { exitCode } = await stoppedRun(place, 'render', async (pid) => {
      process.kill(pid, 'SIGTERM');
      await sleep(30);
      try {
        process.kill(pid, 'SIGTERM');
      } catch {
        // It had already left on the first.
      }
    });
    // Null: the second signal met a process that was already leaving, which a shell reports as 143 too.
    expect([143, null]).toContain(exitCode);
  });

  test('another process can cancel it; it goes on from there', async () => {
    const { exitCode, stderr } = await stoppedRun(place, 'render', async () => {
      const { jobs } = JSON.parse((await place.snvg('jobs', 'list', '--json')).stdout) as { jobs: { id: string; state: string }[] };
      expect(jobs[0]?.state).toBe('running');
      await place.snvg('jobs', 'cancel', jobs[0]?.id ?? '');
    });
    expect(exitCode).toBe(143);
    expect(stderr).toContain('was cancelled');
    const { jobs } = JSON.parse((await place.snvg('jobs', 'list', '--json')).stdout) as { jobs: { id: string }[] };
    const resumed = await place.snvg('jobs', 'retry', jobs[0]?.id ?? '', '--json');
    expect(resumed.exitCode, resumed.stderr).toBe(0);
    expect(place.manifest('short-ja.snvg').clips.length).toBeGreaterThanOrEqual(1);
  });

  test('a second run of the same job is refused while the first lives', async () => {
    const other = new Workplace();
    try {
      await stoppedRun(other, 'transcribe', async (pid) => {
        const { exitCode, stderr } = await other.snvg('process', fixture('short-ja.mp4'));
        expect(exitCode).toBe(2);
        expect(stderr).toContain('JOB_BUSY');
        process.kill(pid, 'SIGKILL');
      });
    } finally {
      other.leave();
    }
  });
});
