/**
 * The child of an agent that runs tasks: it may be busy, or die, without the connection noticing more than that. Requests come as JSON
 * lines on stdin; when stdin ends the agent is gone, and everything started here goes at once.
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import { killAllChildren } from '../process/child.js';
import { moduleEntry } from '../process/module-entry.js';
import type { FromRunner, RunnerSettings, ToRunner } from './runner-protocol.js';
import { TaskRuns } from './task-runs.js';
import type { WatchData } from './watch-agent.js';

let runs: TaskRuns | undefined;
let settings: RunnerSettings | undefined;

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const message = JSON.parse(line) as ToRunner;
    if (message.type === 'settings') {
      settings = message.settings;
      runs = new TaskRuns(settings, tell);
      // A loop that is kept busy does not see stdin end: a thread of its own watches for that.
      const turns = new SharedArrayBuffer(4);
      setInterval(() => Atomics.add(new Int32Array(turns), 0, 1), 1_000).unref();
      const workerData: WatchData = { agentPid: process.ppid, agentScratch: settings.agentScratch, turns };
      new Worker(moduleEntry('./watch-agent', import.meta.url), { workerData }).unref();
    } else if (message.type === 'run') void runs?.run(message.id, message.task, message.paths);
    else runs?.cancel(message.id);
  })
  .on('close', () => {
    runs?.cancelAll();
    killAllChildren();
    if (settings) rmSync(settings.agentScratch, { recursive: true, force: true, maxRetries: 3 });
    process.exit(0);
  });

function tell(message: FromRunner): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
