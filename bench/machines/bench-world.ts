import { mkdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { FileMemo } from '../../src/app/file-memo.js';
import { rememberedFingerprints } from '../../src/app/fingerprints.js';
import { surveyToolchain } from '../../src/app/toolchain.js';
import { FileArtifactStore } from '../../src/artifacts/file-store.js';
import { TaskResults } from '../../src/artifacts/task-results.js';
import { createLogger } from '../../src/logger.js';
import { IncomingArtifacts } from '../../src/pipeline/backends/wire/incoming.js';
import { LocalSupply } from '../../src/pipeline/backends/wire/local-supply.js';
import { Resources } from '../../src/pipeline/resources.js';
import type { TaskHost } from '../../src/pipeline/run-task.js';
import type { FileRef, Toolchain } from '../../src/pipeline/stage.js';
import { AgentPlace } from './agent-place.js';

/** This machine as a coordinator with a store of its own, and hosts for it. */
export interface BenchWorld {
  host: TaskHost;
  results: TaskResults;
  supply: LocalSupply;
  toolchain: Toolchain;
  memo: FileMemo;
  fingerprint(path: string): Promise<FileRef>;
  /** Hosts of one core each; more hosts than cores of this machine share them. */
  agents(count: number): AgentPlace[];
}

const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string };

export async function benchWorld(dir: string): Promise<BenchWorld> {
  mkdirSync(dir, { recursive: true });
  const memo = new FileMemo(join(dir, 'memo.json'));
  const { toolchain, missing } = await surveyToolchain({ ffmpeg: null, ffprobe: null, models: null }, memo);
  if (missing.length > 0) throw new Error(missing.map(({ message }) => message).join('; '));
  const store = new FileArtifactStore(join(dir, 'store'));
  const supply = new LocalSupply(store);
  const incoming = new IncomingArtifacts(join(dir, 'incoming'), store);
  const results = new TaskResults(join(dir, 'results'));
  const log = createLogger('silent');
  return {
    host: { store, results, toolchain, resources: new Resources(), scratchRoot: join(dir, 'scratch'), log },
    results,
    supply,
    toolchain,
    memo,
    fingerprint: rememberedFingerprints(memo),
    agents: (count) =>
      Array.from({ length: count }, (_, i) => {
        const name = `host ${i + 1}`;
        return new AgentPlace({ name, home: join(dir, name.replace(' ', '-')), core: i % availableParallelism(), link: { version, store, incoming, supply, log }, identities: toolchain.identities });
      }),
  };
}
