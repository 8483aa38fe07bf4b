import type { ArtifactRef } from '../../../artifacts/kinds.js';
import type { Range } from '../../../artifacts/schemas/common.js';
import type { FileRef, Planner } from '../../stage.js';
import { analyzeFine } from './analyze-fine.js';

/** Asks for the shots and faces of some windows of the source, in order. `label` is shown to people; a larger `priority` runs first. */
export async function planFine(
  planner: Planner,
  request: { file: FileRef; source: ArtifactRef<'source'>; windows: readonly Range[]; label: string; priority: number },
): Promise<ArtifactRef<'fine'>> {
  const { file, source, windows, label, priority } = request;
  const { fine } = await planner.task(analyzeFine, { windows: [...windows] }, { file, source }, { label, priority });
  return fine;
}
