import type { ArtifactRef } from '../../artifacts/kinds.js';
import type { ChannelRepair } from '../../artifacts/schemas/analysis.js';
import { clipRate } from '../../artifacts/schemas/source.js';
import type { Moment } from '../../artifacts/schemas/selection.js';
import type { FileRef, Planner } from '../stage.js';
import { clipOperation } from './clip-operation.js';
import { cuesOperation } from './cues-operation.js';
import { captionTop } from './burnt-captions.js';
import { type Format, outputFormats } from './formats.js';
import type { RenderStyle } from './params.js';
import { backdropOperation } from './still/backdrop-operation.js';
import { stillOperation } from './still/still-operation.js';

export type { Format } from './formats.js';
export type { RenderStyle } from './params.js';

export { readPictureSize as checkCover } from './still/picture-size.js';

export const operations = [cuesOperation, clipOperation, backdropOperation, stillOperation];

export interface RenderRequest {
  file: FileRef;
  source: ArtifactRef<'source'>;
  transcript: ArtifactRef<'transcript'>;
  /** Null where the source has no picture. */
  fine: ArtifactRef<'fine'> | null;
  /** What to do about the channels of the sound, by the coarse pass. */
  repair: ChannelRepair;
  moment: Pick<Moment, 'index' | 'ranges'>;
  format: Format;
  style: RenderStyle;
  /** A picture for a source that has none (`checkCover`). */
  cover?: FileRef | undefined;
  /** A caption file of this clip that a person corrected. */
  editedSrt?: FileRef | undefined;
  priority: number;
}

/** Bytes of the encoder depend on how many threads it has; two is what a small machine offers. */
const encoderThreads = 2;

/**
 * Plans what stands behind the clips of a source without picture, in one format: worth asking for early, since a picture that cannot be
 * decoded is found out here.
 *
 * @throws {SnvgError} COVER_INVALID; as runFfmpeg
 */
export async function planBackdrop(
  planner: Planner,
  { file, source, cover, format, style }: Pick<RenderRequest, 'file' | 'source' | 'cover' | 'format' | 'style'>,
): Promise<{ backdrop: ArtifactRef<'backdrop'>; picture: ArtifactRef<'backdrop.png'> }> {
  const { cover: inside } = await planner.read(source);
  const art = cover || !inside ? null : { index: inside.index, width: inside.width, height: inside.height };
  const top = captionTop(outputFormats[format], style.captions ? style.captionSizePx : null);
  return planner.task(backdropOperation, { format, captionTop: top, art }, { file, cover }, { label: `backdrop · ${format}` });
}

/**
 * Plans one clip in one format: its words first, then the picture and sound that show them.
 *
 * @throws {SnvgError} CAPTIONS_INVALID, COVER_INVALID, RENDER_UNVERIFIED; as runFfmpeg
 */
export async function planRender(planner: Planner, request: RenderRequest): Promise<ArtifactRef<'clip'>> {
  const { file, transcript, fine, repair, moment, format, style, priority } = request;
  const source = await planner.read(request.source);
  const { container, video, audio } = source;
  const label = `clip ${moment.index} · ${format}`;
  const { ranges } = moment;
  const options = { label, priority };
  const { cues } = await planner.task(cuesOperation, { ranges, fps: clipRate(source) }, { transcript, editedSrt: request.editedSrt }, options);
  const captions = style.captions ? { color: style.captionColor, highlight: style.captionHighlight, sizePx: style.captionSizePx, uppercase: style.captionUppercase } : null;
  const { crf, preset, loudnessLufs } = style;
  const common = { format, ranges, container, repair, captions, crf, preset, loudnessLufs, threads: encoderThreads };
  if (video && fine) return (await planner.task(clipOperation, { ...common, video, audio }, { file, cues, fine }, options)).clip;
  if (!audio) throw new RangeError('a source has a picture or a sound');
  const { backdrop, picture } = await planBackdrop(planner, request);
  return (await planner.task(stillOperation, { ...common, audio, barColor: style.captionHighlight }, { file, cues, backdrop, picture }, options)).clip;
}
