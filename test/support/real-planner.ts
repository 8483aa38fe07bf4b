import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { FileArtifactStore } from '../../src/artifacts/file-store.js';
import { hashFile } from '../../src/artifacts/fingerprint.js';
import { TaskResults } from '../../src/artifacts/task-results.js';
import { createLogger } from '../../src/logger.js';
import { LocalBackend } from '../../src/pipeline/backends/local.js';
import { Resources } from '../../src/pipeline/resources.js';
import type { Backend } from '../../src/pipeline/backends/backend.js';
import type { RunEventBody } from '../../src/pipeline/run-event.js';
import { Runner } from '../../src/pipeline/runner.js';
import type { Toolchain } from '../../src/pipeline/stage.js';
import type { Task } from '../../src/pipeline/task.js';

export const testToolchain: Toolchain = {
  ffmpeg: { path: 'ffmpeg', identity: 'test' },
  ffprobe: { path: 'ffprobe' },
  modelsDir: resolve('models'),
  fontsDir: resolve('assets/fonts'),
  identities: { ffmpeg: 'test', fonts: 'test', 'model:silero-vad': 'test', 'model:whisper-base': 'test', 'model:centerface': 'test' },
};

/** A runner over a store of its own with the real ffmpeg, and what it said. */
export interface RealPlanner {
  planner: Runner;
  /** Where artifacts lie: a test puts hand-made ones there. */
  store: FileArtifactStore;
  results: TaskResults;
  events: RunEventBody[];
  /** Every task that was run. */
  tasks: Task[];
  /** CPU seconds that the children of finished tasks used. */
  cpuSeconds(): number;
  close(): Promise<void>;
}

/** Runs stages as a job does, without database or user interface. */
export async function realPlanner(options: { slots?: number; signal?: AbortSignal } = {}): Promise<RealPlanner> {
  const root = await mkdtemp(join(tmpdir(), 'snvg-planner-'));
  const store = new FileArtifactStore(join(root, 'store'));
  const results = new TaskResults(join(root, 'results'));
  const events: RunEventBody[] = [];
  const resources = new Resources();
  const backend = new LocalBackend({ store, results, toolchain: testToolchain, resources, scratchRoot: join(root, 'scratch'), log: createLogger('silent') }, options.slots ?? 2);
  const tasks: Task[] = [];
  const watched: Backend = {
    id: backend.id,
    submit: (task, how) => {
      tasks.push(task);
      return backend.submit(task, how);
    },
    capacity: () => backend.capacity(),
    close: () => backend.close(),
  };
  const planner = new Runner({
    backend: watched,
    store,
    results,
    toolchain: testToolchain,
    signal: options.signal ?? new AbortController().signal,
    emit: (event) => events.push(event),
    fingerprint: async (path) => ({ path, sizeBytes: (await stat(path)).size, sha256: (await hashFile(path)).sha256 }),
  });
  return {
    planner,
    store,
    results,
    events,
    tasks,
    cpuSeconds: () => events.reduce((sum, event) => sum + (event.type === 'task-finished' ? event.cpuSeconds : 0), 0),
    close: async () => {
      await backend.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
