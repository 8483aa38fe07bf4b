import type { ArtifactRef } from '../artifacts/kinds.js';
import type { TaskResult } from '../artifacts/task-results.js';
import type { FailureClass } from '../pipeline/backends/wire/messages.js';
import type { Notice } from '../pipeline/notice.js';
import type { Toolchain } from '../pipeline/stage.js';
import type { Task } from '../pipeline/task.js';

/** What an agent tells its runner first. Both are one build of snvg, so the types are the contract. */
export interface RunnerSettings {
  toolchain: Toolchain;
  artifactsDir: string;
  finishedDir: string;
  /** Its own, below the agent's. */
  scratchRoot: string;
  /** Removed by the runner when the agent is gone. */
  agentScratch: string;
  /** Half cores. */
  slots: number;
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

/** Why a task did not end well, as it is sent. */
export interface Failure {
  class: FailureClass;
  report: { code: string; message: string; remedy: string };
}

/** What a task left behind: its result, and every artifact that was put while it ran. */
export interface Finished {
  result: TaskResult;
  artifacts: ArtifactRef[];
}

/** Agent → runner, one JSON line each. `paths`: where the bytes of an input lie, by its sha256. */
export type ToRunner =
  | { type: 'settings'; settings: RunnerSettings }
  | { type: 'run'; id: number; task: Task; paths: Record<string, string> }
  | { type: 'cancel'; id: number };

/** Runner → agent, one JSON line each. */
export type FromRunner =
  | { type: 'started'; id: number }
  | { type: 'progress'; id: number; fraction: number }
  | { type: 'notice'; id: number; notice: Notice }
  | ({ type: 'finished'; id: number } & Finished)
  | ({ type: 'failed'; id: number } & Failure);
