/**
 * A thread of the runner that sees the agent go, also while the runner computes and hears nothing, and sees the runner hang: then it
 * ends the runner's children, removes the scratch folders and ends the runner.
 */
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import { ownIdentity } from '../process/identity.js';
import { endChildrenOf } from '../process/reaper.js';

export interface WatchData {
  agentPid: number;
  agentScratch: string;
  /** A counter that the runner's loop raises every second. */
  turns: SharedArrayBuffer;
}

const lookEveryMs = 200;
/** The runner's own loop does the same and better, if it is free. */
const leaveToRunnerMs = 600;

/** Nothing that a task computes in one go takes nearly so long: the loop hangs. */
const hangsMs = 180_000;

const { agentPid, agentScratch, turns } = workerData as WatchData;
const counter = new Int32Array(turns);
let seen = -1;
let seenMs = performance.now();
let hangs = false;
while (process.ppid === agentPid && !hangs) {
  const now = Atomics.load(counter, 0);
  if (now !== seen) [seen, seenMs] = [now, performance.now()];
  hangs = performance.now() - seenMs > hangsMs;
  await sleep(lookEveryMs);
}
if (!hangs) await sleep(leaveToRunnerMs);
endChildrenOf(ownIdentity());
rmSync(agentScratch, { recursive: true, force: true, maxRetries: 3 });
process.kill(process.pid, 'SIGKILL');
