import { totalmem } from 'node:os';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { eachLine } from '../../src/process/child.js';
import { run, ToolFailure } from '../../src/process/run.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const bash = (script: string, cpuSeconds: number, lines: string[] = []): Promise<unknown> =>
  run({ command: 'bash', args: ['-c', script], cwd: temporaryFolder(), limits: { cpuSeconds }, onStdoutLine: (line) => void lines.push(line) });

describe('a child with limits', () => {
  it.skipIf(process.platform !== 'linux')('is the program itself: same arguments, own group, no core files', async () => {
    const lines: string[] = [];
    const awkward = `a b'"$(id)\n;-c`;
    await run({ command: 'bash', args: ['-c', 'printf "%s|" "$@"; ulimit -c; ulimit -t; ulimit -Ht; set -- $(< /proc/$$/stat); echo $5; echo $$', 'bash', awkward], cwd: temporaryFolder(), limits: { cpuSeconds: 6.5 }, onStdoutLine: (line) => void lines.push(line) });
    const [first, rest, soft, hard, group, pid] = lines;
    expect(`${first}\n${rest}`).toBe(`${awkward}|0`);
    expect([soft, hard]).toEqual(['7', '17']);
    expect(group).toBe(pid);
  });

  it('is ended when it computes for longer, and says by what', async () => {
    const failure = await bash('while :; do :; done', 1).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ToolFailure);
    expect(failure).toMatchObject({ endedBy: 'SIGXCPU', notStarted: false });
  });

  it.skipIf(process.platform !== 'linux')('gets no more memory than three quarters of the machine', async () => {
    const lines: string[] = [];
    await bash('ulimit -d', 10, lines);
    expect((Number(lines[0]) * 1024) / Math.max(totalmem() * 0.75, 2 ** 31)).toBeCloseTo(1, 3);
  });

  it('that does not exist was not started', async () => {
    const failure = await run({ command: '/nowhere/ffmpeg', args: [], cwd: temporaryFolder(), limits: { cpuSeconds: 5 } }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'ToolFailure', notStarted: true });
  });
});

describe('lines', () => {
  it('are cut at the longest length, without reading the rest again and again', async () => {
    const stream = new PassThrough();
    const lines: string[] = [];
    eachLine(stream, (line) => lines.push(line), 1_000);
    const cpu = process.cpuUsage();
    for (let index = 0; index < 800; index += 1) stream.write('x'.repeat(65_536));
    stream.end('\nend\r\n\nlast');
    while (lines.length < 5) await sleep(5);
    const { user } = process.cpuUsage(cpu);
    expect(lines.map((line) => line.slice(0, 5))).toEqual(['xxxxx', 'end', '', '', 'last']);
    expect(lines[0]).toHaveLength(1_000);
    expect(user / 1e6).toBeLessThan(2);
  });
});
