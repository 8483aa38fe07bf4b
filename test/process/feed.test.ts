import { describe, expect, it } from 'vitest';
import { run } from '../../src/process/run.js';

const node = (script: string): { command: string; args: string[]; cwd: string } => ({ command: process.execPath, args: ['-e', script], cwd: '/' });

describe('a child that is fed', () => {
  it('gets every byte, at its own pace', async () => {
    const seen: string[] = [];
    let most = 0;
    let written = 0;
    await run({
      ...node("let n = 0; (async () => { for await (const c of process.stdin) { n += c.length; await new Promise((r) => setTimeout(r, 1)); } console.log(n); })()"),
      onStdoutLine: (line) => seen.push(line),
      feed: async (write) => {
        for (let n = 0; n < 50; n += 1) {
          const before = performance.now();
          await write(Buffer.alloc(100_000, n));
          written += 100_000;
          most = Math.max(most, performance.now() - before);
        }
      },
    });
    expect(written).toBe(5_000_000);
    expect(seen).toEqual(['5000000']);
    expect(most).toBeGreaterThan(0);
  });

  it('is ended when what feeds it fails, and that failure is the one told', async () => {
    await expect(
      run({
        ...node('process.stdin.resume(); setInterval(() => {}, 1000)'),
        feed: async (write) => {
          await write(Buffer.from('x'));
          throw new Error('the source cannot be decoded');
        },
      }),
    ).rejects.toThrow('the source cannot be decoded');
  });

  it('that dies tells why by its exit code, and what feeds it is stopped', async () => {
    let stopped = false;
    const feeding = run({
      ...node('process.stdin.once("data", () => process.exit(7))'),
      feed: async (write) => {
        try {
          for (;;) await write(Buffer.alloc(1_000_000));
        } finally {
          stopped = true;
        }
      },
    });
    await expect(feeding).rejects.toMatchObject({ name: 'ToolFailure', exitCode: 7 });
    expect(stopped).toBe(true);
  });

  it('is not taken for stalled while it waits to be fed', async () => {
    const { exitCode } = await run({ ...node('process.stdin.resume()'), stallMs: 300, feed: () => new Promise((resolve) => setTimeout(resolve, 900)) });
    expect(exitCode).toBe(0);
  });
});
