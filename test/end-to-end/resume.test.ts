import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { hashFile } from '../../src/artifacts/fingerprint.js';
import { startTimeOf } from '../../src/process/identity.js';
import { fixture, snvgBin } from '../wrong-inputs/run-snvg.js';
import { Workplace } from './workplace.js';

/** A small generator of the same numbers every time (Lehmer, modulus 2³¹−1, multiplier 48271: Park & Miller 1993). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** Pids of all processes that were started, directly or not, by the owner with this tag. */
function taggedBy(owner: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`SNVG_OWNER=${owner}`) && startTimeOf(pid) !== undefined;
      } catch {
        return false;
      }
    });
}

describe.runIf(process.platform === 'linux')('a job killed again and again', () => {
  const place = new Workplace();
  afterAll(() => place.leave());

  test('thirty SIGKILLs at seeded moments: it completes, repeats nothing finished, shows no partial file, leaves no child', async () => {
    const random = seeded(20261125);
    const args = ['process', fixture('short-ja.mp4'), '--output', 'clips', '--min-length', '8', '--max-length', '20'];
    const killedOwners: string[] = [];
    for (let kill = 0; kill < 30; kill += 1) {
      const child = spawn(process.execPath, [snvgBin, ...args], { cwd: place.cwd, env: { ...process.env, ...place.environment, NO_COLOR: '1' }, stdio: 'ignore' });
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      const owner = `${child.pid}.${startTimeOf(child.pid ?? 0)}`;
      // Half the moments fall into the start, where most is written; the others anywhere up to a task's length.
      const livedMs = kill % 2 === 0 ? 200 + random() * 900 : 1_500 + random() * 3_000;
      await Promise.race([sleep(livedMs), ended]);
      // This run has had time to clear up after those killed before it: none of their children may still live.
      if (livedMs > 1_500) expect(killedOwners.flatMap(taggedBy)).toEqual([]);
      child.kill('SIGKILL');
      await ended;
      killedOwners.push(owner);
      await expectOnlyWholeClips(place);
    }
    const last = await place.snvg(...args, '--json');
    expect(last.exitCode, last.stderr).toBe(0);
    expect(killedOwners.flatMap(taggedBy)).toEqual([]);

    const manifest = place.manifest('clips');
    expect(manifest.clips.length).toBeGreaterThanOrEqual(1);
    const finished = (await place.events(manifest.job.id)).flatMap((event) => (event.type === 'task-finished' && !event.cached ? [event.taskKey] : []));
    expect(finished.length).toBe(new Set(finished).size);
    await expectOnlyWholeClips(place);
    expect(readdirSync(join(place.cwd, 'clips')).filter((name) => name.endsWith('.part'))).toEqual([]);
    expect(readdirSync(join(place.home, 'cache', 'scratch'))).toEqual([]);
  }, 600_000);
});

/** Every visible file is one the folder's ledger knows, with exactly the bytes it was announced with. */
async function expectOnlyWholeClips(place: Workplace): Promise<void> {
  const dir = join(place.cwd, 'clips');
  const names = readdirSync(place.cwd).includes('clips') ? readdirSync(dir).filter((name) => !name.startsWith('.')) : [];
  if (names.length === 0) return;
  const { files } = JSON.parse(readFileSync(join(dir, '.snvg.json'), 'utf8')) as { files: Record<string, { sha256: string; replaces?: { sha256: string } }> };
  for (const name of names) {
    const { sha256 } = await hashFile(join(dir, name));
    expect([files[name]?.sha256, files[name]?.replaces?.sha256], name).toContain(sha256);
  }
}
