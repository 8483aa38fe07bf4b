import type { ArtifactRef } from '../../artifacts/kinds.js';
import { shownName } from '../../media/ffmpeg.js';
import type { FileRef, Planner } from '../stage.js';
import { checkFile } from './check-file.js';
import { probeOperation, shortestClipUs } from './probe-operation.js';

export { checkFile };

export const operations = [probeOperation];

/**
 * Fingerprints and describes one source, or refuses it: what a stat shows before a byte is read, what the container shows
 * before anything is decoded.
 *
 * `minLengthUs` is the shortest clip wanted. A source shorter than that cannot give one, however it is cut.
 *
 * @throws {SnvgError} MEDIA_MISSING, MEDIA_NOT_A_FILE, MEDIA_EMPTY, MEDIA_UNREADABLE, MEDIA_TRUNCATED, MEDIA_UNSUPPORTED,
 * MEDIA_TOO_LARGE, MEDIA_TOO_SHORT
 */
export async function planIngest(planner: Planner, request: { path: string; minLengthUs?: number }): Promise<{ file: FileRef; source: ArtifactRef<'source'> }> {
  await checkFile(request.path);
  const file = await planner.fingerprint(request.path, { signal: planner.signal });
  const fileName = shownName(request.path);
  const minLengthUs = request.minLengthUs ?? shortestClipUs;
  const { source } = await planner.task(probeOperation, { minLengthUs }, { file }, { label: fileName, priority: 1_000 });
  return { file, source };
}
