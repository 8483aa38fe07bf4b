import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { program } from './whole-job.js';
import { startSshHosts, type SshHost } from '../support/ssh-hosts.js';
import type { Random } from '../fuzz/random.js';
import type { Field } from './field.js';

const shortCutMs = 1_500;
/** Longer than either side waits for the other's sign of life. */
const longCutMs = 25_000;

/** Three hosts with a real sshd and a network each. */
export async function sshField(): Promise<Field> {
  const dir = mkdtempSync(join(tmpdir(), 'snvg-chaos-ssh-'));
  const snvg = join(dir, 'snvg');
  writeFileSync(snvg, `#!/bin/sh\nexec node '${program}' "$@"\n`, { mode: 0o755 });
  const hosts = await startSshHosts([1, 2, 3].map(() => ({ programs: ['node', 'ffmpeg', 'ffprobe', ['snvg', snvg] as const] })));
  const some = (random: Random): SshHost => random.pick(hosts.hosts);
  const signal = (name: string, pattern: RegExp, kind: NodeJS.Signals): number[] => {
    const pids = hosts.processes(name).filter(({ command }) => pattern.test(command)).map(({ pid }) => pid);
    for (const pid of pids) tried(() => process.kill(pid, kind));
    return pids;
  };
  return {
    name: 'ssh',
    namesApart: true,
    args: ['--backend', 'ssh', ...hosts.hosts.flatMap(({ name }) => ['--host', name])],
    env: { ...hosts.env },
    marks: hosts.hosts.map(({ home }) => home),
    folders: hosts.hosts.map(({ home }) => home),
    faults: {
      'agent killed': async (random) => void signal(some(random).name, /worker --stdio/, 'SIGKILL'),
      'ffmpeg killed': async (random) => void signal(some(random).name, /ffmpeg/, 'SIGKILL'),
      'everything on a host killed': async (random) => void signal(some(random).name, /./, 'SIGKILL'),
      'host asleep for a while': async (random) => {
        const { name } = some(random);
        const pids = signal(name, /./, 'SIGSTOP');
        await pause(2_000);
        for (const pid of pids) tried(() => process.kill(pid, 'SIGCONT'));
      },
      'session killed': async (random) => hosts.killSessions(some(random).name),
      'listener and sessions killed': async (random) => {
        const { name } = some(random);
        hosts.killListener(name);
        hosts.killSessions(name);
        await pause(1_000);
        await hosts.startListener(name);
      },
      'cut for a moment': async (random) => {
        const { name } = some(random);
        hosts.cut(name);
        await pause(shortCutMs);
        hosts.restore(name);
      },
      'cut for long': async (random) => {
        const { name } = some(random);
        hosts.cut(name);
        await pause(longCutMs);
        hosts.restore(name);
      },
      blackhole: async (random) => {
        const { name } = some(random);
        hosts.blackhole(name);
        await pause(longCutMs);
        hosts.restore(name);
      },
      'all hosts cut for a moment': async () => {
        for (const { name } of hosts.hosts) hosts.cut(name);
        await pause(shortCutMs);
        for (const { name } of hosts.hosts) hosts.restore(name);
      },
    },
    reset: async () => {
      for (const { home } of hosts.hosts) {
        rmSync(join(home, '.cache'), { recursive: true, force: true });
        mkdirSync(join(home, '.cache'));
      }
    },
    residents: () => new Set(),
    close: async () => {
      await hosts.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function tried(action: () => void): void {
  try {
    action();
  } catch {
    // It ended by itself in between.
  }
}
