import { cp, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactRef, FileKind } from '../../artifacts/kinds.js';
import type { Camera } from '../../artifacts/schemas/clip.js';
import type { Cues } from '../../artifacts/schemas/selection.js';
import { subtitleCues } from '../../captions/subtitle-cues.js';
import { writeSrt, writeVtt } from '../../captions/write-cues.js';
import type { ClipTimeline } from '../../media/timeline.js';
import type { StageContext } from '../stage.js';
import { type BurntCaptions, makeCaptions } from './burnt-captions.js';
import { captionBreaksUs } from './caption-breaks.js';
import { type Format, type OutputFormat, outputFormats } from './formats.js';
import type { CaptionLook } from './params.js';
import { pictureFiles } from './picture/render-picture.js';
import type { Verification } from './verify/verify-clip.js';

/** Words less certain than this are worth a second look. */
const doubtful = 0.5;
/** The look of the .ass file when captions are not burnt in. */
const defaultLook: CaptionLook = { color: '#FFFFFF', highlight: '#FFE500', sizePx: 84, uppercase: false };

interface ClipCaptions {
  /** For the caption files; undefined when the clip has no words. */
  made: BurntCaptions | undefined;
  /** To burn in: laid into the scratch folder. */
  burnt: BurntCaptions | undefined;
}

/**
 * Makes a clip's captions and, with a look, lays what burning them in needs into the scratch folder.
 *
 * @param options.look null: captions are off
 * @param options.needed whether a clip without words lacks something, which is said
 */
export async function prepareCaptions(ctx: StageContext<unknown>, cues: Cues, options: { look: CaptionLook | null; format: OutputFormat; timeline: ClipTimeline; needed: boolean }): Promise<ClipCaptions> {
  const { look, format, timeline, needed } = options;
  const made = cues.words.length === 0 ? undefined : await makeCaptions(cues, look ?? defaultLook, format, timeline, ctx.toolchain.fontsDir);
  if (look) await layCaptions(ctx, made, needed);
  return { made, burnt: look ? made : undefined };
}

/** Stores a finished clip of the scratch folder with its captions, cover and proof. */
export async function putClip(
  ctx: StageContext<unknown>,
  { format, timeline, cues, captions, camera, verification }: { format: Format; timeline: ClipTimeline; cues: Cues; captions: BurntCaptions | undefined; camera: Camera; verification: Verification },
): Promise<ArtifactRef<'clip'>> {
  const { width, height } = outputFormats[format];
  const clipFile = await ctx.putFile('clip.mp4', join(ctx.scratchDir, pictureFiles.clip));
  return ctx.putJson('clip', {
    schemaVersion: 1,
    format,
    file: clipFile,
    sha256: clipFile.hash,
    ranges: timeline.pieces.map(({ startUs, endUs }) => ({ startUs, endUs })),
    width,
    height,
    fps: timeline.fps,
    frames: timeline.frames,
    durationUs: timeline.durationUs,
    ...verification.loudness,
    captions: captions ? await putCaptions(ctx, cues, captions, timeline) : null,
    cover: await ctx.putFile('cover.jpg', join(ctx.scratchDir, pictureFiles.cover)),
    camera,
    checks: verification.checks,
    doubtfulWords: cues.words.filter(({ confidence }) => confidence < doubtful).map(({ text, startUs, confidence }) => ({ text, startUs, confidence })),
  });
}

/** Lays what the `ass` filter reads into the scratch folder: fonts by a link, so that no path is part of a filter. */
async function layCaptions(ctx: StageContext<unknown>, burnt: BurntCaptions | undefined, needed: boolean): Promise<void> {
  if (!burnt) {
    if (needed) ctx.notice({ code: 'CAPTIONS_NONE', message: 'Nothing is said in the clip, so it has no captions', remedy: 'Choose another moment, or turn captions off with --no-captions.', severity: 'degraded' });
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

async function putCaptions(ctx: StageContext<unknown>, cues: Cues, { ass }: BurntCaptions, timeline: ClipTimeline): Promise<{ srt: ArtifactRef; vtt: ArtifactRef; ass: ArtifactRef }> {
  const subtitles = subtitleCues(cues.words, cues.language, cues.durationUs, captionBreaksUs(timeline));
  return {
    srt: await putText(ctx, 'captions.srt', writeSrt(subtitles)),
    vtt: await putText(ctx, 'captions.vtt', writeVtt(subtitles)),
    ass: await putText(ctx, 'captions.ass', ass),
  };
}

async function putText(ctx: StageContext<unknown>, kind: FileKind, text: string): Promise<ArtifactRef> {
  const path = join(ctx.scratchDir, `out.${kind}`);
  await writeFile(path, text);
  return ctx.putFile(kind, path);
}
