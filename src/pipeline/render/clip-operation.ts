import { cp, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactRef, FileKind } from '../../artifacts/kinds.js';
import type { Camera } from '../../artifacts/schemas/clip.js';
import type { Range } from '../../artifacts/schemas/common.js';
import type { Cues } from '../../artifacts/schemas/selection.js';
import { subtitleCues } from '../../captions/subtitle-cues.js';
import { writeSrt, writeVtt } from '../../captions/write-cues.js';
import { seekPrerollUs } from '../../media/seek.js';
import { ClipTimeline, nearestFrame } from '../../media/timeline.js';
import { defineOperation, type FileRef, type StageContext } from '../stage.js';
import { type BurntCaptions, makeCaptions } from './burnt-captions.js';
import { planCamera } from './camera/index.js';
import type { Excerpt } from './excerpt.js';
import { finishClip } from './finish-clip.js';
import { outputFormats } from './formats.js';
import { type CaptionLook, clipParams, type ClipParams } from './params.js';
import { pictureFiles } from './picture/render-picture.js';

interface ClipInputs {
  file: FileRef;
  cues: ArtifactRef<'cues'>;
  fine: ArtifactRef<'fine'>;
  [name: string]: FileRef | ArtifactRef;
}

/** Words less certain than this are worth a second look. */
const doubtful = 0.5;
/** Read past the end of each piece, so that its last frame is complete whatever the source's frame times. */
const tailUs = 200_000;
/** The look of the .ass file when captions are not burnt in. */
const defaultLook: CaptionLook = { color: '#FFFFFF', highlight: '#FFE500', sizePx: 84, uppercase: false };

/**
 * Renders one moment in one format and verifies the result.
 *
 * @throws {SnvgError} RENDER_UNVERIFIED when the finished file fails a check; as runFfmpeg
 */
export const clipOperation = defineOperation<ClipParams, ClipInputs, { clip: 'clip' }>({
  id: 'render.clip',
  stage: 'render',
  version: 1,
  params: clipParams,
  outputs: { clip: 'clip' },
  tools: ['ffmpeg', 'fonts'],
  slots: 2,
  async run({ file, cues: cuesRef, fine: fineRef }, ctx) {
    const { params } = ctx;
    const format = outputFormats[params.format];
    const [cues, fine] = await Promise.all([ctx.read(cuesRef), ctx.read(fineRef)]);
    const timeline = new ClipTimeline(params.ranges, params.video.fps);
    const { displayWidth, displayHeight, fps } = params.video;
    const camera = planCamera({ fine, ranges: params.ranges, displayWidth, displayHeight, targetWidth: format.width, targetHeight: format.height, fps });
    const captions = cues.words.length === 0 ? undefined : await makeCaptions(cues, params.captions ?? defaultLook, format, timeline, ctx.toolchain.fontsDir);
    const burnt = params.captions ? captions : undefined;
    await prepareCaptions(ctx, burnt);
    const { checks, loudness } = await finishClip(ctx, {
      excerpts: timeline.pieces.map((piece) => excerpt(file.path, piece, params)),
      timeline,
      camera,
      format,
      captions: burnt,
      coverFrame: coverFrame(camera, timeline),
    });
    const clipFile = await ctx.putFile('clip.mp4', join(ctx.scratchDir, pictureFiles.clip));
    const clip = await ctx.putJson('clip', {
      schemaVersion: 1,
      format: params.format,
      file: clipFile,
      sha256: clipFile.hash,
      ranges: timeline.pieces.map(({ startUs, endUs }) => ({ startUs, endUs })),
      width: format.width,
      height: format.height,
      fps,
      frames: timeline.frames,
      durationUs: timeline.durationUs,
      ...loudness,
      captions: captions ? await putCaptions(ctx, cues, captions) : null,
      cover: await ctx.putFile('cover.jpg', join(ctx.scratchDir, pictureFiles.cover)),
      camera,
      checks,
      doubtfulWords: cues.words.filter(({ confidence }) => confidence < doubtful).map(({ text, startUs, confidence }) => ({ text, startUs, confidence })),
    });
    return { clip };
  },
});

function excerpt(path: string, { startUs, endUs }: Range, { container, video }: ClipParams): Excerpt {
  const prerollUs = seekPrerollUs({ container, variableFrameRate: video.variableFrameRate }, startUs);
  return { input: { path, seekUs: startUs - prerollUs, durationUs: prerollUs + endUs - startUs + tailUs }, prerollUs };
}

/** Lays what the `ass` filter reads into the scratch folder: fonts by a link, so that no path is part of a filter. */
async function prepareCaptions(ctx: StageContext<ClipParams>, burnt: BurntCaptions | undefined): Promise<void> {
  if (!ctx.params.captions) return;
  if (!burnt) {
    ctx.notice({ code: 'CAPTIONS_NONE', message: 'Nothing is said in the clip, so it has no captions', remedy: 'Choose another moment, or turn captions off with --no-captions.', severity: 'degraded' });
    return;
  }
  if (burnt.missingScripts.length > 0) {
    ctx.notice({
      code: 'GLYPH_MISSING',
      message: `The shipped fonts lack characters of these captions: ${burnt.missingScripts.join(', ')}`,
      remedy: 'Another font of this system stands in where it has one: look at the clip, or turn captions off with --no-captions.',
      severity: 'degraded',
    });
  }
  // Network shares and exFAT know no links.
  await symlink(ctx.toolchain.fontsDir, join(ctx.scratchDir, 'fonts'), 'dir').catch(() => cp(ctx.toolchain.fontsDir, join(ctx.scratchDir, 'fonts'), { recursive: true }));
  await writeFile(join(ctx.scratchDir, 'captions.ass'), burnt.ass);
}

async function putCaptions(ctx: StageContext<ClipParams>, cues: Cues, { ass }: BurntCaptions): Promise<{ srt: ArtifactRef; vtt: ArtifactRef; ass: ArtifactRef }> {
  const subtitles = subtitleCues(cues.words, cues.language, cues.durationUs);
  return {
    srt: await putText(ctx, 'captions.srt', writeSrt(subtitles)),
    vtt: await putText(ctx, 'captions.vtt', writeVtt(subtitles)),
    ass: await putText(ctx, 'captions.ass', ass),
  };
}

async function putText(ctx: StageContext<ClipParams>, kind: FileKind, text: string): Promise<ArtifactRef> {
  const path = join(ctx.scratchDir, `out.${kind}`);
  await writeFile(path, text);
  return ctx.putFile(kind, path);
}

/** The middle of the longest shot, preferably one that is not shown whole: there somebody is to be seen. */
function coverFrame(camera: Camera, timeline: ClipTimeline): number {
  const shots = camera.shots.filter(({ mode }) => mode === 'crop');
  const [first, ...rest] = shots.length > 0 ? shots : camera.shots;
  if (!first) return Math.floor(timeline.frames / 2);
  const longest = rest.reduce((best, shot) => (shot.endUs - shot.startUs > best.endUs - best.startUs ? shot : best), first);
  return Math.min(timeline.frames - 1, nearestFrame(Math.round((longest.startUs + longest.endUs) / 2), timeline.fps));
}
