import type { ArtifactRef } from '../../artifacts/kinds.js';
import type { Fine } from '../../artifacts/schemas/analysis.js';
import type { Camera } from '../../artifacts/schemas/clip.js';
import { planColour } from '../../media/colour.js';
import { ClipTimeline, nearestFrame } from '../../media/timeline.js';
import { defineOperation, type FileRef, type StageContext } from '../stage.js';
import { planCamera } from './camera/index.js';
import { prepareCaptions, putClip } from './clip-files.js';
import { finishClip } from './finish-clip.js';
import { outputFormats } from './formats.js';
import { clipParams, type ClipParams } from './params.js';
import { renderPicture } from './picture/render-picture.js';
import { pictureReadings } from './picture-readings.js';
import { encodingSeconds, readOnce } from './moving.js';
import { soundReadings } from './sound/cut-sound.js';
import { stereoMix } from './sound/stereo-mix.js';

interface ClipInputs {
  file: FileRef;
  cues: ArtifactRef<'cues'>;
  fine: ArtifactRef<'fine'>;
  [name: string]: FileRef | ArtifactRef;
}

/**
 * Renders one moment in one format and verifies the result.
 *
 * @throws {SnvgError} RENDER_UNVERIFIED when the finished file fails a check; as runFfmpeg
 */
export const clipOperation = defineOperation<ClipParams, ClipInputs, { clip: 'clip' }>({
  id: 'render.clip',
  stage: 'render',
  version: 5,
  params: clipParams,
  outputs: { clip: 'clip' },
  tools: ['ffmpeg', 'fonts'],
  slots: 2,
  moves: {
    cpuSeconds: encodingSeconds,
    memoryBytes: 900_000_000,
    reads: async (params, { fine }, read) => {
      const timeline = new ClipTimeline(params.ranges, params.video.fps);
      const { container, audio, video } = params;
      const picture = pictureReadings('', timeline, container, cameraOf(params, await read(fine)));
      const sound = audio ? soundReadings({ path: '', container, timeline }) : [];
      return { file: { film: { windows: readOnce([...picture, ...sound]), container, streams: [video.index, ...(audio ? [audio.index] : [])] } } };
    },
  },
  async run({ file, cues: cuesRef, fine: fineRef }, ctx) {
    const { params } = ctx;
    const format = outputFormats[params.format];
    const [cues, fine] = await Promise.all([ctx.read(cuesRef), ctx.read(fineRef)]);
    const timeline = new ClipTimeline(params.ranges, params.video.fps);
    const camera = cameraOf(params, fine);
    reportUnknownColours(ctx);
    const captions = await prepareCaptions(ctx, cues, { look: params.captions, format, timeline, needed: params.audio !== null });
    const readings = pictureReadings(file.path, timeline, params.container, camera);
    const { audio } = params;
    const verification = await finishClip(ctx, {
      timeline,
      format,
      captions: captions.burnt,
      sound: audio && { path: file.path, container: params.container, streamIndex: audio.index, mix: stereoMix(audio, params.repair), timeline, targetLufs: params.loudnessLufs },
      draw: (drawing, progress) =>
        renderPicture(
          ctx,
          {
            ...params,
            ...drawing,
            readings,
            timeline,
            camera,
            width: format.width,
            height: format.height,
            captions: captions.burnt !== undefined,
            probe: captions.burnt?.proof?.probe,
            coverFrame: coverFrame(camera, timeline),
          },
          progress,
        ),
      decoded: { readings, variableFrameRate: params.video.variableFrameRate },
    });
    return { clip: await putClip(ctx, { format: params.format, timeline, cues, captions: captions.made, camera, verification }) };
  },
});

function cameraOf({ ranges, video, format }: ClipParams, fine: Fine): Camera {
  const { displayWidth, displayHeight, fps } = video;
  const { width, height } = outputFormats[format];
  return planCamera({ fine, ranges, displayWidth, displayHeight, targetWidth: width, targetHeight: height, fps });
}

function reportUnknownColours(ctx: StageContext<ClipParams>): void {
  const { unknownTag } = planColour(ctx.params.video);
  if (unknownTag === undefined) return;
  ctx.notice({ code: 'COLOUR_APPROXIMATED', message: `The source's colours are coded as ${unknownTag}, which is read as the usual coding it resembles`, remedy: 'Look at the colours of the clip; if they are off, convert the source to BT.709 first.', severity: 'degraded' });
}

/** The middle of the longest shot, preferably one that is not shown whole: there somebody is to be seen. */
function coverFrame(camera: Camera, timeline: ClipTimeline): number {
  const shots = camera.shots.filter(({ mode }) => mode === 'crop');
  const [first, ...rest] = shots.length > 0 ? shots : camera.shots;
  if (!first) return Math.floor(timeline.frames / 2);
  const longest = rest.reduce((best, shot) => (shot.endUs - shot.startUs > best.endUs - best.startUs ? shot : best), first);
  return Math.min(timeline.frames - 1, nearestFrame(Math.round((longest.startUs + longest.endUs) / 2), timeline.fps));
}
