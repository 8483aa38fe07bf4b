import { reportError, SnvgError } from '../errors.js';
import { ToolFailure } from '../process/run.js';
import type { MemoryKills } from './memory-kills.js';
import type { Failure } from './runner-protocol.js';

/** Codes that speak of this machine, not of the task: another one may have what is missing here. */
const ofThisMachine = new Set(['FFMPEG_MISSING', 'FFMPEG_TOO_OLD', 'FFMPEG_INCAPABLE', 'MODEL_MISSING', 'MODEL_CORRUPT', 'INFERENCE_MISSING', 'OUTPUT_UNWRITABLE']);
const ofItsRoom = new Set(['DISK_FULL', 'FILE_LIMIT']);

/** Whose fault it is that a task has failed here. */
export function failureOf(error: unknown, memoryKills: MemoryKills): Failure {
  const { code, message, remedy } = reportError(error);
  const report = { code, message, remedy };
  const chain = causes(error);
  if (ofItsRoom.has(code) || chain.some((cause) => (cause as NodeJS.ErrnoException).code === 'ENOMEM')) return { class: 'capacity', report };
  if (chain.some((cause) => cause instanceof ToolFailure && cause.endedBy === 'SIGKILL')) {
    return memoryKills.happened() ? { class: 'capacity', report: { code, message: `not enough memory: ${message}`, remedy: 'Give this machine fewer tasks at once, or more memory.' } } : { class: 'host', report };
  }
  if (ofThisMachine.has(code) || chain.some((cause) => cause instanceof ToolFailure && cause.notStarted)) return { class: 'host', report };
  // A file of the installation or of the cache that cannot be read; a task's own errors about its inputs are SnvgErrors.
  if (!(error instanceof SnvgError) && typeof (error as NodeJS.ErrnoException | undefined)?.syscall === 'string') return { class: 'host', report };
  return { class: 'task', report };
}

function causes(error: unknown): unknown[] {
  const found: unknown[] = [];
  for (let cause = error; cause instanceof Error && found.length < 8; cause = cause.cause) found.push(cause);
  return found;
}
