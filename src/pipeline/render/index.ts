import type { ArtifactRef } from '../../artifacts/kinds.js';
import type { ChannelRepair } from '../../artifacts/schemas/analysis.js';
import { SnvgError } from '../../errors.js';
import type { Moment } from '../../artifacts/schemas/selection.js';
import type { FileRef, Planner } from '../stage.js';
import { clipOperation } from './clip-operation.js';
import { cuesOperation } from './cues-operation.js';
import type { Format } from './formats.js';
import type { RenderStyle } from './params.js';

export type { Format } from './formats.js';
export type { RenderStyle } from './params.js';

export const operations = [cuesOperation, clipOperation];

export interface RenderRequest {
  file: FileRef;
  source: ArtifactRef<'source'>;
  transcript: ArtifactRef<'transcript'>;
  fine: ArtifactRef<'fine'>;
  /** What to do about the channels of the sound, by the coarse pass. */
  repair: ChannelRepair;
  moment: Pick<Moment, 'index' | 'ranges'>;
  format: Format;
  style: RenderStyle;
  /** A caption file of this clip that a person corrected. */
  editedSrt?: FileRef | undefined;
  priority: number;
}

/** Bytes of the encoder depend on how many threads it has; two is what a small machine offers. */
const encoderThreads = 2;

/**
 * Plans one clip in one format: its words first, then the picture and sound that show them.
 *
 * @throws {SnvgError} CAPTIONS_INVALID, RENDER_UNVERIFIED; as runFfmpeg
 */
export async function planRender(planner: Planner, request: RenderRequest): Promise<ArtifactRef<'clip'>> {
  const { file, transcript, fine, moment, format, style, priority } = request;
  const { container, video, audio } = await planner.read(request.source);
  if (!video) throw new SnvgError('MEDIA_NO_VIDEO', 'The source is audio only', 'Give the video of it.');
  const label = `clip ${moment.index} · ${format}`;
  const { ranges } = moment;
  const { cues } = await planner.task(cuesOperation, { ranges, fps: video.fps }, { transcript, editedSrt: request.editedSrt }, { label, priority });
  const captions = style.captions ? { color: style.captionColor, highlight: style.captionHighlight, sizePx: style.captionSizePx, uppercase: style.captionUppercase } : null;
  const { crf, preset, loudnessLufs } = style;
  const { clip } = await planner.task(clipOperation, { format, ranges, container, video, audio, repair: request.repair, captions, crf, preset, loudnessLufs, threads: encoderThreads }, { file, cues, fine }, { label, priority });
  return clip;
}
