import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PlaceFault } from '../../src/pipeline/backends/place.js';
import type { WorkerLink } from '../../src/pipeline/backends/wire/worker-link.js';
import { conformTask, runOn } from '../support/conform-task.js';
import { hangingFfmpeg, type LocalAgent, localAgent, nothingLives, pidIn, processesOf, scratchOf } from '../support/local-agent.js';
import { relayed } from '../support/relay.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { type Greeter, greeterIn, taskOf, testTiming } from '../support/wire-orders.js';

interface Scene {
  home: string;
  here: Greeter;
  agent: LocalAgent;
  link: WorkerLink;
  ffmpegPid: number;
  /** What became of the task that ffmpeg works on for ever. */
  running: Promise<unknown>;
}

/** An agent whose ffmpeg has begun and will not end. */
async function midTask(options: { env?: Record<string, string>; through?: (agent: LocalAgent) => ReturnType<typeof relayed>; silenceMs?: number; home?: string } = {}): Promise<Scene> {
  const home = options.home ?? temporaryFolder();
  const ffmpeg = hangingFfmpeg(home);
  const here = await greeterIn(home, { ffmpeg: ffmpeg.path });
  const agent = localAgent({ home, memoFile: here.memoFile, args: ['--ffmpeg', ffmpeg.path], ...(options.env && { env: options.env }) });
  const link = await here.link(options.through?.(agent) ?? agent, { timing: { ...testTiming, silenceMs: options.silenceMs ?? testTiming.silenceMs } });
  const running = runOn(link, await conformTask(here)).catch((error: unknown) => error);
  return { home, here, agent, link, running, ffmpegPid: await pidIn(ffmpeg.pidFile) };
}

function runnerOf(home: string): number {
  const found = processesOf(home).find(({ command }) => command.includes('worker/runner'));
  if (!found) throw new Error('no runner lives');
  return found.pid;
}

async function nothingIsLeft({ home }: Scene): Promise<void> {
  await nothingLives(home);
  expect(scratchOf(home)).toEqual([]);
}

/** After a kill any snvg that starts on this machine may end the orphans, before they have tidied up; then the home's next agent does it. */
async function nothingIsLeftAfterKill(scene: Scene): Promise<void> {
  await nothingLives(scene.home);
  if (scratchOf(scene.home).length > 0) await (await scene.here.link(localAgent({ home: scene.home, memoFile: scene.here.memoFile }))).close();
  await nothingIsLeft(scene);
}

it('leaves nothing of an agent that was killed', async () => {
  const scene = await midTask();
  expect(scratchOf(scene.home).some((path) => path.endsWith('half-made'))).toBe(true);
  process.kill(scene.agent.pid, 'SIGKILL');
  expect(await scene.running).toMatchObject({ name: 'PlaceFault', blame: 'network' });
  await nothingIsLeftAfterKill(scene);
});

it('leaves nothing of an agent that was killed while its runner’s loop was busy for good', async () => {
  const home = temporaryFolder();
  const [block, begin] = [join(home, 'block.mjs'), join(home, 'begin')];
  writeFileSync(block, `import { existsSync } from 'node:fs';\nif (process.argv[1]?.includes('worker/runner')) setInterval(() => { if (existsSync('${begin}')) for (;;); }, 20).unref();\n`);
  const scene = await midTask({ home, env: { NODE_OPTIONS: `--import ${block}` } });
  const runner = runnerOf(home);
  const ticks = (): number => Number(readFileSync(`/proc/${runner}/stat`, 'utf8').split(') ')[1]!.split(' ')[11]);
  const before = ticks();
  writeFileSync(begin, '');
  while (ticks() < before + 10) await new Promise((resolve) => setTimeout(resolve, 50));
  process.kill(scene.agent.pid, 'SIGKILL');
  await nothingIsLeftAfterKill(scene);
});

it('leaves nothing when whoever greeted is gone', async () => {
  const scene = await midTask();
  scene.agent.write.destroy();
  await nothingIsLeft(scene);
});

it('gives up at both ends when the line goes dead', async () => {
  let line: ReturnType<typeof relayed> | undefined;
  const scene = await midTask({ silenceMs: 5_000, through: (agent) => (line = relayed(agent, { reaches: false })) });
  line?.blackhole();
  expect(await scene.running).toMatchObject({ name: 'PlaceFault', blame: 'network', message: 'there does not answer any more' });
  await nothingIsLeft(scene);
  expect(scene.agent.log.join('\n')).toContain('"reason":"silence"');
});

it('ends what a killed runner has started, blames the machine, and runs the next task', async () => {
  const scene = await midTask();
  process.kill(runnerOf(scene.home), 'SIGKILL');
  expect(await scene.running).toMatchObject({ name: 'PlaceFault', blame: 'host' });
  expect(processesOf(scene.home).map(({ pid }) => pid)).not.toContain(scene.ffmpegPid);
  expect(scratchOf(scene.home).filter((path) => path.includes('half-made'))).toEqual([]);
  const { inputs } = await conformTask(scene.here);
  const probe = await taskOf(scene.here.toolchain, 'ingest.probe', { minLengthUs: 1, audioTrack: null, language: null }, inputs);
  expect((await runOn(scene.link, probe)).outputs).toHaveProperty('source');
  await scene.link.close();
  await nothingIsLeft(scene);
});

it('ends a runner that was stopped, and blames the machine', async () => {
  const scene = await midTask();
  process.kill(runnerOf(scene.home), 'SIGSTOP');
  expect(await scene.running).toMatchObject({ name: 'PlaceFault', blame: 'host' });
  expect(processesOf(scene.home).map(({ pid }) => pid)).not.toContain(scene.ffmpegPid);
  await scene.link.close();
});

it('says why it ends when it is told to by a signal', async () => {
  const scene = await midTask();
  process.kill(scene.agent.pid, 'SIGTERM');
  expect(await scene.running).toMatchObject({ name: 'PlaceFault', blame: 'host', message: expect.stringContaining('it was told to stop') });
  expect(await scene.link.lost).toBeInstanceOf(PlaceFault);
  expect((await scene.agent.ended).exitCode).toBe(143);
  await nothingIsLeft(scene);
});

it('gives none of this machine’s secrets to what it starts', async () => {
  const scene = await midTask({ env: { SNVG_X_CLIENT_SECRET: 'never-to-be-seen-there' } });
  for (const pid of [runnerOf(scene.home), scene.ffmpegPid]) {
    const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
    expect(environment).toContain(`SNVG_HOME=${scene.home}`);
    expect(environment).not.toContain('never-to-be-seen-there');
  }
  await scene.link.close();
  await nothingIsLeft(scene);
});
