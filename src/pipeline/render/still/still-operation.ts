import type { ArtifactRef } from '../../../artifacts/kinds.js';
import { clipRate } from '../../../artifacts/schemas/source.js';
import { ClipTimeline } from '../../../media/timeline.js';
import { defineOperation, type FileRef } from '../../stage.js';
import { prepareCaptions, putClip } from '../clip-files.js';
import { finishClip } from '../finish-clip.js';
import { outputFormats } from '../formats.js';
import { stillParams, type StillParams } from '../params.js';
import { encodingSeconds, readOnce } from '../moving.js';
import { soundReadings } from '../sound/cut-sound.js';
import { stereoMix } from '../sound/stereo-mix.js';
import { drawStill } from './draw-still.js';

interface StillInputs {
  file: FileRef;
  cues: ArtifactRef<'cues'>;
  backdrop: ArtifactRef<'backdrop'>;
  picture: ArtifactRef<'backdrop.png'>;
  [name: string]: FileRef | ArtifactRef;
}

/**
 * Renders one moment of a recording without picture in one format, over a backdrop, and verifies the result.
 *
 * @throws {SnvgError} RENDER_UNVERIFIED when the finished file fails a check; as runFfmpeg
 */
export const stillOperation = defineOperation<StillParams, StillInputs, { clip: 'clip' }>({
  id: 'render.still',
  stage: 'render',
  version: 2,
  params: stillParams,
  outputs: { clip: 'clip' },
  tools: ['ffmpeg', 'fonts'],
  slots: 2,
  moves: {
    cpuSeconds: encodingSeconds,
    memoryBytes: 700_000_000,
    reads: async ({ ranges, container, audio }) => {
      const sound = soundReadings({ path: '', container, timeline: new ClipTimeline(ranges, clipRate({ video: null })) });
      return { file: { film: { windows: readOnce(sound), container, streams: [audio.index] } } };
    },
  },
  async run({ file, cues: cuesRef, backdrop, picture }, ctx) {
    const { params } = ctx;
    const { audio } = params;
    const format = outputFormats[params.format];
    const [cues, { bars }, backdropPath] = await Promise.all([ctx.read(cuesRef), ctx.read(backdrop), ctx.path(picture)]);
    const timeline = new ClipTimeline(params.ranges, clipRate({ video: null }));
    const captions = await prepareCaptions(ctx, cues, { look: params.captions, format, timeline, needed: true });
    const verification = await finishClip(ctx, {
      timeline,
      format,
      captions: captions.burnt,
      sound: { path: file.path, container: params.container, streamIndex: audio.index, mix: stereoMix(audio, params.repair), timeline, targetLufs: params.loudnessLufs },
      draw: (drawing, progress) => drawStill(ctx, { ...params, ...drawing, backdropPath, timeline, bars, captions: captions.burnt !== undefined, probe: captions.burnt?.proof?.probe, coverFrame: Math.floor(timeline.frames / 2) }, progress),
      decoded: null,
    });
    return { clip: await putClip(ctx, { format: params.format, timeline, cues, captions: captions.made, camera: { shots: [], faceCoverage: null }, verification }) };
  },
});
