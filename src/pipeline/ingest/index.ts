import type { ArtifactRef } from '../../artifacts/kinds.js';
import { SnvgError } from '../../errors.js';
import { shownName } from '../../media/ffmpeg.js';
import type { FileRef, Planner } from '../stage.js';
import { checkFile } from './check-file.js';
import { probeOperation } from './probe-operation.js';
import { findSidecars } from './sidecars.js';

export const operations = [probeOperation];

/** The shortest clip that can be asked for at all. */
const shortestClipUs = 3_000_000;

/**
 * Fingerprints and describes one source, or refuses it: what a stat shows before a byte is read, what the container shows
 * before anything is decoded.
 *
 * `minLengthUs` is the shortest clip wanted. A source shorter than that cannot give one, however it is cut.
 *
 * @throws {SnvgError} MEDIA_MISSING, MEDIA_NOT_A_FILE, MEDIA_EMPTY, MEDIA_UNREADABLE, MEDIA_TRUNCATED, MEDIA_UNSUPPORTED,
 * MEDIA_NO_VIDEO, MEDIA_NO_AUDIO, MEDIA_TOO_LARGE, MEDIA_TOO_SHORT
 */
export async function planIngest(planner: Planner, request: { path: string; minLengthUs?: number }): Promise<{ file: FileRef; source: ArtifactRef<'source'> }> {
  await checkFile(request.path);
  const [file, sidecars] = await Promise.all([planner.fingerprint(request.path, { signal: planner.signal }), findSidecars(request.path)]);
  const fileName = shownName(request.path);
  const { source } = await planner.task(probeOperation, { fileName, sidecars }, { file }, { label: fileName, priority: 1_000 });
  const { durationUs } = await planner.read(source);
  const neededUs = request.minLengthUs ?? shortestClipUs;
  if (durationUs < neededUs) {
    const remedy =
      durationUs < shortestClipUs
        ? `Give a source of at least ${seconds(shortestClipUs)}.`
        : `Give a longer source, or ask for shorter clips: --min-length ${Math.floor(durationUs / 1e6)}`;
    throw new SnvgError('MEDIA_TOO_SHORT', `${fileName} is ${seconds(durationUs)} long, shorter than the shortest clip asked for (${seconds(neededUs)})`, remedy);
  }
  return { file, source };
}

function seconds(us: number): string {
  return `${Number((us / 1e6).toFixed(1))} s`;
}
