import { readFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../src/logger.js';
import type { TaskEvent } from '../../src/pipeline/backends/backend.js';
import { Incompatible } from '../../src/pipeline/backends/place.js';
import type { LinkStreams } from '../../src/pipeline/backends/wire/worker-link.js';
import { Resources } from '../../src/pipeline/resources.js';
import { runTask } from '../../src/pipeline/run-task.js';
import { FileArtifactStore } from '../../src/artifacts/file-store.js';
import { TaskResults } from '../../src/artifacts/task-results.js';
import { conformTask, runOn } from '../support/conform-task.js';
import { hangingFfmpeg, localAgent, nothingLives, pidIn, scratchOf } from '../support/local-agent.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { fileRef, greeterIn, ownVersion } from '../support/wire-orders.js';

const film = 'fixtures/beep-flash.mp4';
const never = (): AbortSignal => new AbortController().signal;

describe('a task on an agent', () => {
  it('gets what it needs, runs, and leaves what it would leave here', async () => {
    const home = temporaryFolder();
    const here = await greeterIn(home);
    const link = await here.link(localAgent({ home, memoFile: here.memoFile, args: ['--slots', '3', '--tags', 'gpu,big'] }));
    expect(link.welcome).toMatchObject({ identities: here.toolchain.identities, missing: [], slots: 3, tags: ['gpu', 'big'] });

    const task = await conformTask(here);
    const events: TaskEvent[] = [];
    const result = await runOn(link, task, { events });

    const own = new FileArtifactStore(join(home, 'own'));
    const alone = await runTask(task, { store: own, results: new TaskResults(join(home, 'results')), toolchain: here.toolchain, resources: new Resources(), scratchRoot: join(home, 'scratch'), log: createLogger('silent') }, never(), { progress: () => {}, notice: () => {} });
    expect(result.outputs).toEqual(alone.outputs);
    const hash = result.outputs['media']!.hash;
    expect(await readFile(await here.store.materialize(hash))).toEqual(await readFile(await own.materialize(hash)));
    expect(events[0]).toEqual({ type: 'started', host: 'there' });
    expect(link.traffic).toEqual({ sentBytes: (await fileRef(film)).sizeBytes, receivedBytes: result.outputs['media']!.sizeBytes });

    // Asked again: answered by what is there, and nothing is sent twice.
    expect(await runOn(link, task)).toEqual(result);
    expect(link.traffic.receivedBytes).toBe(result.outputs['media']!.sizeBytes);
    await link.close();
    await nothingLives(home);
    expect(scratchOf(home)).toEqual([]);
  });

  it('is stopped there, with its ffmpeg, before the caller hears of it', async () => {
    const home = temporaryFolder();
    const ffmpeg = hangingFfmpeg(home);
    const here = await greeterIn(home, { ffmpeg: ffmpeg.path });
    const link = await here.link(localAgent({ home, memoFile: here.memoFile, args: ['--ffmpeg', ffmpeg.path] }));
    const stop = new AbortController();
    const running = runOn(link, await conformTask(here), { signal: stop.signal });
    const pid = await pidIn(ffmpeg.pidFile);
    stop.abort(new Error('no longer wanted'));
    await expect(running).rejects.toThrow('no longer wanted');
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(scratchOf(home).filter((path) => path.includes('task-'))).toEqual([]);
    await link.close();
  });

  it('is refused when its key is another here', async () => {
    const home = temporaryFolder();
    const here = await greeterIn(home);
    const link = await here.link(localAgent({ home, memoFile: here.memoFile }));
    const task = { ...(await conformTask(here)), key: 'ab'.repeat(32) };
    await expect(runOn(link, task)).rejects.toBeInstanceOf(Incompatible);
    await link.close();
  });
});

/** What the agent says, after what a login script printed. */
function afterNoise(agent: LinkStreams, noise: Uint8Array): LinkStreams {
  const read = new PassThrough();
  read.write(noise);
  agent.read.pipe(read);
  return { ...agent, read };
}

describe('greeting', () => {
  it('passes over what login scripts print', async () => {
    const home = temporaryFolder();
    const here = await greeterIn(home);
    const noise = Buffer.concat([Buffer.from('Welcome to Debian!\n*** maintenance on Sunday ***\n\u0001snvg'), Buffer.alloc(50_000, 7)]);
    const link = await here.link(afterNoise(localAgent({ home, memoFile: here.memoFile }), noise));
    expect(link.welcome.slots).toBeGreaterThan(0);
    await link.close();
  });

  it('refuses another version, naming both and the way out', async () => {
    const home = temporaryFolder();
    const here = await greeterIn(home);
    const refused = here.link(localAgent({ home, memoFile: here.memoFile }), { version: '9.9.9', name: 'anna' });
    await expect(refused).rejects.toThrow(Incompatible);
    await expect(refused).rejects.toThrow(`anna has snvg ${ownVersion}, this machine 9.9.9`);
    await expect(refused).rejects.toMatchObject({ blame: 'host', remedy: 'Put the same version there: snvg hosts install anna' });
    await nothingLives(home);
  });
});
