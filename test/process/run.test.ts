import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { isSameProcessAlive, startTimeOf } from '../../src/process/identity.js';
import { reapOrphans } from '../../src/process/reaper.js';
import { observeChildren } from '../../src/process/child.js';
import { run, ToolFailure } from '../../src/process/run.js';
import { startService } from '../../src/process/service.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** Runs `body` and returns the pids of children that were announced while it ran. */
async function pidsDuring(body: () => Promise<unknown>): Promise<number[]> {
  const pids: number[] = [];
  observeChildren({ started: ({ pid }) => pids.push(pid), ended: () => {} });
  try {
    await body();
  } finally {
    observeChildren(undefined);
  }
  return pids;
}

async function gone(pid: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < 5_000; waitedMs += 50) {
    if (startTimeOf(pid) === undefined) return true;
    await sleep(50);
  }
  return false;
}

test('streams lines, keeps the end of stderr and says how a tool failed', async () => {
  const lines: string[] = [];
  const failure = await run({
    command: 'sh',
    args: ['-c', 'printf "one\\ntwo\\rthree"; for i in $(seq 100); do echo "e$i" >&2; done; exit 3'],
    cwd: temporaryFolder(),
    onStdoutLine: (line) => lines.push(line),
  }).catch((error: unknown) => error);
  expect(lines).toEqual(['one', 'two', 'three']);
  expect(failure).toBeInstanceOf(ToolFailure);
  expect(failure).toMatchObject({ exitCode: 3, notStarted: false });
  expect((failure as ToolFailure).stderrTail.at(-1)).toBe('e100');
  expect((failure as ToolFailure).stderrTail.length).toBeLessThanOrEqual(40);
});

test('a program that does not exist is told from one that fails', async () => {
  await expect(run({ command: 'no-such-program-anywhere', args: [], cwd: temporaryFolder() })).rejects.toMatchObject({ name: 'ToolFailure', notStarted: true });
});

test('an abort ends the child and what the child started', async () => {
  const controller = new AbortController();
  const grandchildren: number[] = [];
  const pids = await pidsDuring(async () => {
    const running = run({ command: 'sh', args: ['-c', 'sleep 60 & echo $!; wait'], cwd: temporaryFolder(), signal: controller.signal, onStdoutLine: (line) => grandchildren.push(Number(line)) });
    while (grandchildren.length === 0) await sleep(10);
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
  });
  for (const pid of [...pids, ...grandchildren]) expect(await gone(pid)).toBe(true);
});

test('a child that says nothing for too long is stopped', async () => {
  await expect(run({ command: 'sleep', args: ['60'], cwd: temporaryFolder(), stallMs: 300 })).rejects.toMatchObject({ code: 'TOOL_STALLED' });
});

test('a service answers line by line and leaves when its stdin closes', async () => {
  const service = startService({ command: process.execPath, args: ['-e', "console.log('a stray line'); process.stdin.on('data', (d) => process.stdout.write(d))"], cwd: temporaryFolder() });
  const answer = new Promise((resolve) => service.onMessage(resolve));
  service.send({ hello: 'there' });
  expect(await answer).toEqual({ hello: 'there' });
  await service.close();
  expect((await service.ended).exitCode).toBe(0);
});

test('children of a killed owner are found by their tag alone and ended; others are left alone', async () => {
  // An owner that starts two sleepers the way run.ts does (own group, tagged) and is killed before it could write anything down.
  const script = `
    const { spawn } = require('node:child_process');
    const start = require('node:fs').readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ')[19];
    const env = { ...process.env, SNVG_OWNER: process.pid + '.' + start };
    const a = spawn('sleep', ['60'], { detached: true, env, stdio: 'ignore' });
    const b = spawn('sleep', ['60'], { detached: true, env: process.env, stdio: 'ignore' });
    console.log(a.pid, b.pid);
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [tagged, untagged] = await new Promise<number[]>((resolve) => owner.stdout.once('data', (data: Buffer) => resolve(data.toString().trim().split(' ').map(Number))));
  if (!tagged || !untagged) throw new Error('the owner started nothing');
  onTestFinished(() => {
    process.kill(untagged, 'SIGKILL');
  });
  expect(reapOrphans([])).not.toContain(tagged);
  owner.kill('SIGKILL');
  await new Promise((resolve) => owner.once('exit', resolve));
  expect(reapOrphans([])).toContain(tagged);
  expect(await gone(tagged)).toBe(true);
  expect(startTimeOf(untagged)).toBeDefined();
});

test('a recorded pid that now belongs to another process is left alone', () => {
  const mine = startTimeOf(process.pid);
  const dead = { pid: 999_999_9, startTime: '1' };
  expect(reapOrphans([{ child: { pid: process.pid, startTime: `${mine}0` }, owner: dead }])).toEqual([]);
  expect(isSameProcessAlive({ pid: process.pid, startTime: mine ?? '' })).toBe(true);
});
