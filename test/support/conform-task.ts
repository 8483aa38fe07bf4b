import type { TaskResult } from '../../src/artifacts/task-results.js';
import type { TaskEvent } from '../../src/pipeline/backends/backend.js';
import type { WorkerLink } from '../../src/pipeline/backends/wire/worker-link.js';
import type { Task } from '../../src/pipeline/task.js';
import { fileRef, type Greeter, taskOf, wholeOrder } from './wire-orders.js';

/** A short task of ffmpeg that needs the bytes of a film: copying its streams. Its file is offered. */
export async function conformTask(here: Greeter, streams: number[] = [0, 1]): Promise<Task> {
  const file = await fileRef('fixtures/beep-flash.mp4');
  await here.supply.offer(file);
  return taskOf(here.toolchain, 'ingest.conform', { streams, hasPicture: streams.includes(0), durationUs: 10_000_000 }, { file });
}

/** Runs it on an agent, with all bytes of its inputs. */
export function runOn(link: WorkerLink, task: Task, options: { signal?: AbortSignal; events?: TaskEvent[] } = {}): Promise<TaskResult> {
  return link.run(wholeOrder(task), { signal: options.signal ?? new AbortController().signal, listener: (event) => options.events?.push(event) });
}
