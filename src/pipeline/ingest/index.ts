import type { ArtifactRef } from '../../artifacts/kinds.js';
import { shownName } from '../../media/ffmpeg.js';
import type { FileRef, Planner } from '../stage.js';
import { checkFile } from './check-file.js';
import { conformOperation } from './conform-operation.js';
import { probeOperation } from './probe-operation.js';
import { shortestClipUs } from './source-limits.js';

export { checkFile };

export const operations = [probeOperation, conformOperation] as const;

interface IngestRequest {
  path: string;
  /** The shortest clip wanted: a source shorter than that cannot give one, however it is cut. */
  minLengthUs?: number;
  /** Number of a stream or language code of the audio track to work on; null: choose. */
  audioTrack?: string | null;
  /** What is spoken: a code, or `auto`. */
  language?: string;
}

/** One source, ready for the stages. */
interface Ingested {
  /** What was given. */
  file: FileRef;
  /** What the stages read: `file`, or a copy of it whose times can be relied on. */
  media: FileRef;
  /** Describes `media`, under the fingerprint of `file`. */
  source: ArtifactRef<'source'>;
}

/**
 * Fingerprints and describes one source, or refuses it: what a stat shows before a byte is read, what the container shows
 * before anything is decoded. A file whose clock jumps is copied into a container in which it does not.
 *
 * @throws {SnvgError} MEDIA_MISSING, MEDIA_NOT_A_FILE, MEDIA_EMPTY, MEDIA_UNREADABLE, MEDIA_TRUNCATED, MEDIA_UNSUPPORTED,
 * MEDIA_TOO_LARGE, MEDIA_TOO_SHORT; USAGE: no such audio track
 */
export async function planIngest(planner: Planner, request: IngestRequest): Promise<Ingested> {
  await checkFile(request.path);
  const file = await planner.fingerprint(request.path, { signal: planner.signal });
  const name = shownName(request.path);
  const { minLengthUs = shortestClipUs, audioTrack = null, language = 'auto' } = request;
  const wish = { minLengthUs, audioTrack, language: language === 'auto' ? null : language };
  const { source } = await planner.task(probeOperation, wish, { file }, { label: name, priority: 1_000 });
  const { unreliable, video, audio, captions, durationUs } = await planner.read(source);
  if (unreliable === null) return { file, media: file, source };

  const streams = [video?.index, audio?.index, ...captions.map(({ streamIndex }) => streamIndex)].filter((index) => index !== undefined);
  const copy = await planner.task(conformOperation, { streams, hasPicture: video !== null, durationUs }, { file }, { label: `${name}: putting its clock right`, priority: 1_000 });
  const media = await planner.locate(copy.media);
  planner.notice({
    code: 'SOURCE_CONFORMED',
    stage: 'ingest',
    severity: 'info',
    message: `The clock of ${name} jumps; a copy of its ${Math.round(durationUs / 1e6)} s with one clock is worked on`,
    remedy: 'Nothing to do: times of clips count from the start of what plays.',
  });
  // The copy holds the chosen tracks alone: nothing is left to choose.
  const described = await planner.task(probeOperation, { minLengthUs, audioTrack: null, language: null }, { file: media, original: file }, { label: name, priority: 1_000 });
  return { file, media, source: described.source };
}
