import { expect, test } from 'vitest';
import { startPiped } from '../../src/process/piped.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const node = (script: string) => startPiped({ command: process.execPath, args: ['-e', script], cwd: temporaryFolder() });

test('bytes go through a child unchanged, and its end is told', async () => {
  const child = node('process.stdin.pipe(process.stdout)');
  const sent = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 256));
  child.stdin.end(sent);
  const parts: Buffer[] = [];
  for await (const part of child.stdout) parts.push(part as Buffer);
  expect(Buffer.concat(parts).equals(sent)).toBe(true);
  expect(await child.ended).toEqual({ exitCode: 0, stderrTail: [], failure: undefined });
});

test('its last words and its exit code are kept', async () => {
  expect(await node('console.error("no such host"); process.exitCode = 255').ended).toMatchObject({ exitCode: 255, stderrTail: ['no such host'] });
});

test('it has ended when it has, even while a daemon of its holds its pipes', async () => {
  const child = node(`const { spawn } = require('node:child_process'); const left = spawn('sleep', ['60'], { stdio: 'inherit' }); left.unref(); console.log(left.pid); process.exit(3)`);
  const pid = await new Promise<number>((resolve) => child.stdout.once('data', (text: Buffer) => resolve(Number(text.toString()))));
  expect((await child.ended).exitCode).toBe(3);
  process.kill(pid, 'SIGKILL');
});

test('killing it ends what it started', async () => {
  const child = node(`const left = require('node:child_process').spawn('sleep', ['60']); console.log(left.pid); setInterval(() => {}, 1000)`);
  const pid = await new Promise<number>((resolve) => child.stdout.once('data', (text: Buffer) => resolve(Number(text.toString()))));
  child.kill();
  expect((await child.ended).exitCode).toBeUndefined();
  await expect.poll(() => { try { process.kill(pid, 0); return true; } catch { return false; } }, { timeout: 10_000 }).toBe(false);
});

test('a program that is not there is no crash', async () => {
  const { failure } = await startPiped({ command: 'snvg-is-no-such-program', args: [], cwd: temporaryFolder() }).ended;
  expect(failure).toContain('snvg-is-no-such-program');
});
