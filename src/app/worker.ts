import { availableParallelism, cpus, hostname, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Writable, Readable } from 'node:stream';
import { makeFolder } from '../artifacts/atomic-file.js';
import type { Paths } from '../config/paths.js';
import type { Settings } from '../config/options.js';
import { createLogger } from '../logger.js';
import { serveAgent, type Machine } from '../worker/agent.js';
import { reapOrphans } from '../process/reaper.js';
import { RunnerHost } from '../worker/runner-host.js';
import { WorkerCache } from '../worker/worker-cache.js';
import { FileMemo } from './file-memo.js';
import { removeScratchOfTheDead, requireScratchPlace, Scratch } from './scratch.js';
import { surveyToolchain } from './toolchain.js';

export interface WorkerRequest {
  settings: Pick<Settings, 'ffmpeg' | 'ffprobe' | 'models' | 'logLevel'>;
  paths: Pick<Paths, 'cacheDir' | 'scratchDir'>;
  version: string;
  /** Half cores to give; absent: all. */
  slots?: number;
  tags: readonly string[];
  /** Where parts of files and what was made are kept; absent: in snvg's cache. */
  cacheDir?: string;
  read: Readable;
  write: Writable;
  /** Takes lines of the log; must not wait. */
  log: (line: string) => void;
  signal: AbortSignal;
}

/** Serves one greeter on a pair of streams until it is gone. */
export async function serveWorker(request: WorkerRequest): Promise<Awaited<ReturnType<typeof serveAgent>>> {
  const { settings, version, signal } = request;
  const log = createLogger(settings.logLevel, request.log);
  const places = placesOf(request);
  const scratch = new Scratch(places);
  try {
    return await serveAgent({ read: request.read, write: request.write, version, signal, log, machine: () => lookAround(request, places, scratch) });
  } finally {
    await scratch.remove().catch((error: unknown) => log.warn({ error: String(error) }, 'the scratch folder could not be removed'));
  }
}

async function lookAround(request: WorkerRequest, places: Pick<Paths, 'cacheDir' | 'scratchDir'>, scratch: Scratch): Promise<Machine> {
  const { settings } = request;
  const log = createLogger(settings.logLevel, request.log);
  await requireScratchPlace(places);
  await makeFolder(places.cacheDir);
  await endWhatTheDeadLeft(places);
  await scratch.make();
  const memo = new FileMemo(join(places.cacheDir, 'inspected.json'));
  const { toolchain, missing } = await surveyToolchain(settings, memo);
  await memo.save().catch((error: unknown) => log.warn({ error: String(error) }, 'what was inspected could not be written down'));
  const cache = new WorkerCache(places.cacheDir);
  const slots = request.slots ?? 2 * availableParallelism();
  const runner = new RunnerHost({ toolchain, artifactsDir: cache.artifactsDir, finishedDir: cache.finishedDir, agentScratch: scratch.root, slots, logLevel: settings.logLevel }, (line) => request.log(`${line}\n`));
  const processors = cpus();
  return {
    cache,
    runner,
    welcome: {
      hostname: hostname(),
      platform: process.platform,
      arch: process.arch,
      node: process.versions.node,
      cpuModel: processors[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      slots,
      memoryBytes: totalmem(),
      identities: toolchain.identities,
      missing,
      tags: request.tags,
    },
  };
}

/** A worker's cache lies beside the one of this machine's own runs, and its scratch folders in it, or in TMPDIR when that is set. */
function placesOf({ paths, cacheDir }: WorkerRequest): Pick<Paths, 'cacheDir' | 'scratchDir'> {
  const own = cacheDir ?? join(paths.cacheDir, 'worker');
  return { cacheDir: own, scratchDir: paths.scratchDir === join(paths.cacheDir, 'scratch') ? join(own, 'scratch') : paths.scratchDir };
}

/** A killed agent leaves its runner only when that was stopped, and a killed runner its children. */
async function endWhatTheDeadLeft(places: Pick<Paths, 'cacheDir' | 'scratchDir'>): Promise<void> {
  // The children of those that are ended first are orphans from then on.
  for (let rounds = 0; rounds < 3 && reapOrphans([]).length > 0; rounds += 1) await sleep(50);
  await removeScratchOfTheDead(places);
}
