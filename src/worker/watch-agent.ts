/**
 * A thread of the runner that sees the agent go, also while the runner computes and hears nothing: then it ends the runner's children,
 * removes its scratch folder and ends the runner.
 */
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import { ownIdentity } from '../process/identity.js';
import { endChildrenOf } from '../process/reaper.js';

export interface WatchData {
  agentPid: number;
  scratchRoot: string;
}

const lookEveryMs = 200;
/** The runner's own loop does the same and better, if it is free. */
const leaveToRunnerMs = 600;

const { agentPid, scratchRoot } = workerData as WatchData;
while (process.ppid === agentPid) await sleep(lookEveryMs);
await sleep(leaveToRunnerMs);
endChildrenOf(ownIdentity());
rmSync(scratchRoot, { recursive: true, force: true, maxRetries: 3 });
process.kill(process.pid, 'SIGKILL');
