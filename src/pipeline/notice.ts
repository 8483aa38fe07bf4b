import type { StageId } from './stage.js';

/**
 * Something a stage could not do, or did in a lesser way. Notices reach the terminal, the manifest and,
 * under --strict, the exit code. `severity: 'info'` never changes the exit code.
 */
export interface Notice {
  /** Stable, upper case: `NO_FACE_FOUND`, `CAPTIONS_FOUND`. */
  code: string;
  stage: StageId;
  message: string;
  /** One sentence: what the user can do about it. */
  remedy: string;
  severity: 'info' | 'degraded';
}
