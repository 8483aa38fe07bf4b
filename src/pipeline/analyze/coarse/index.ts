import { join } from 'node:path';
import { z } from 'zod';
import type { ArtifactRef } from '../../../artifacts/kinds.js';
import type { Coarse } from '../../../artifacts/schemas/analysis.js';
import { videoStream } from '../../../artifacts/schemas/source.js';
import { runFfmpeg } from '../../../media/ffmpeg.js';
import { FrameAssembler, frameBytes, frameFilters, isFrameReport, rawOutputOptions } from '../../../media/frames.js';
import { defineOperation, type FileRef, type Planner, type StageContext } from '../../stage.js';
import { signPicture } from '../fine/picture-signature.js';
import { KeyframeShots } from './keyframe-shots.js';
import { Looks } from './looks.js';
import { hopUs, integratedFrom, readLoudnessCurve, silencesOf } from './loudness-curve.js';
import { faultFilters, SoundFaults, soundNotices } from './sound-faults.js';

/** What of a source this pass depends on. At least one of picture and sound is there. */
const params = z.object({ video: videoStream.nullable(), audio: z.object({ index: z.int().nonnegative(), channels: z.int().positive() }).nullable(), durationUs: z.int().positive() });
type Params = z.infer<typeof params>;

const picture = { width: 320, height: 180, pixelFormat: 'yuv420p', rate: 'every' } as const;
const loudnessFile = 'loudness.txt';

/** Pictures commonly outlast the sound by a closing card. */
const earlyEndUs = 15_000_000;

/** More complaints than a sound file causes where its first packets refer to what came before. */
const manyFaults = 10;
const fault = /error while decoding|Invalid data found|corrupt|concealing|decode_slice_header error|Error submitting packet|partial file/i;

/** The whole source read once, in one process: pictures of its keyframes and the loudness of its sound, nothing else decoded. */
export const analyzeCoarse = defineOperation({
  id: 'analyze.coarse',
  stage: 'analyze',
  version: 2,
  params,
  outputs: { coarse: 'coarse' },
  tools: ['ffmpeg'],
  slots: 1,
  run: async ({ file }: { file: FileRef }, ctx: StageContext<Params>) => ({ coarse: await ctx.putJson('coarse', await readCoarsely(file.path, ctx)) }),
});

/** Asks for the coarse pass over a source. */
export async function planCoarse(planner: Planner, request: { file: FileRef; source: ArtifactRef<'source'> }): Promise<ArtifactRef<'coarse'>> {
  const { video, audio, durationUs } = await planner.read(request.source);
  const sound = audio && { index: audio.index, channels: audio.channels };
  const label = !video ? 'looking at loudness' : !audio ? 'looking at keyframes' : 'looking at keyframes and loudness';
  const { coarse } = await planner.task(analyzeCoarse, { video, audio: sound, durationUs }, { file: request.file }, { label });
  return coarse;
}

async function readCoarsely(path: string, ctx: StageContext<Params>): Promise<Coarse> {
  const { video, audio, durationUs } = ctx.params;
  const shots = new KeyframeShots();
  const looks = new Looks();
  const assembler = new FrameAssembler(frameBytes(picture), 0, ({ atUs, pixels }) => {
    const seen = { data: pixels, width: picture.width, height: picture.height };
    const signature = signPicture(seen);
    // Encoders may end a little after what the container states.
    shots.add(Math.min(atUs, durationUs), signature);
    looks.add(Math.min(atUs, durationUs), seen, signature);
    ctx.progress(Math.min(1, atUs / durationUs));
  });
  const soundFaults = new SoundFaults();
  let integratedLufs: number | null = null;
  let faults = 0;
  await runFfmpeg(
    ctx,
    {
      // One thread: with keyframes only, threads would cost more than they share.
      inputs: [{ path, options: ['-threads', '1', ...(video ? ['-skip_frame:v', 'nokey'] : ['-vn']), '-sn', '-dn'] }],
      graph: [...(video ? [seenGraph(video)] : []), ...(audio ? [heardGraph(audio)] : [])].join(';'),
      outputs: [
        ...(video ? [{ to: 'pipe:1', options: rawOutputOptions('frames', picture.pixelFormat) }] : []),
        ...(audio ? ['sound', 'faults'].map((pad) => ({ to: null, options: ['-map', `[${pad}]`] })) : []),
      ],
    },
    {
      ...(video ? { onStdoutChunk: (chunk: Buffer) => assembler.bytes(chunk) } : { expectedUs: durationUs, progress: (fraction: number) => ctx.progress(fraction) }),
      onLogLine: (line) => {
        assembler.logLine(line);
        if (isFrameReport(line)) return;
        soundFaults.line(line);
        const level = integratedFrom(line);
        if (level !== undefined) integratedLufs = level;
        if (fault.test(line)) faults += 1;
      },
      isReport: isFrameReport,
    },
  );
  const momentaryLufs = audio ? await readLoudnessCurve(join(ctx.scratchDir, loudnessFile)) : [];
  const soundEndUs = momentaryLufs.length * hopUs;
  if (audio && soundEndUs < durationUs - earlyEndUs) {
    ctx.notice({ code: 'SOUND_ENDS_EARLY', severity: 'info', message: `The sound ends at ${Math.round(soundEndUs / 1e6)} s of ${Math.round(durationUs / 1e6)} s`, remedy: 'If it should not, copy or download the source again; no clip is made of what cannot be heard.' });
  }
  if (audio) for (const notice of soundNotices(soundFaults, integratedLufs)) ctx.notice(notice);
  if (faults >= manyFaults) {
    ctx.notice({ code: 'SOURCE_DAMAGED', severity: 'degraded', message: `The source has damaged places: its decoder complained ${faults} times`, remedy: 'Look at the clips before posting them; copy or download the source again if they stutter.' });
  }
  return {
    schemaVersion: 1,
    durationUs,
    keyframesUs: shots.keyframesUs,
    shots: shots.shots(durationUs),
    loudness: { integratedLufs, hopUs, momentaryLufs },
    silences: silencesOf(momentaryLufs, integratedLufs, durationUs),
    sound: audio && { repair: soundFaults.repair() },
    looks: looks.looks,
    decodedFrames: shots.keyframesUs.length,
  };
}

function seenGraph(video: NonNullable<Params['video']>): string {
  return `[0:${video.index}]${frameFilters({ ...picture, video: { ...video, interlaced: false } }).join(',')}[frames]`;
}

/** Gaps filled before metering: the curve's time is the source's. The original layout is metered; a mono mix would read up to 3 LU off. */
function heardGraph({ index, channels }: NonNullable<Params['audio']>): string {
  return [
    `[0:${index}]aresample=async=1:first_pts=0,asplit[whole][sampled]`,
    `[whole]ebur128=metadata=1,ametadata=print:key=lavfi.r128.M:file=${loudnessFile}[sound]`,
    `[sampled]${faultFilters(channels)}[faults]`,
  ].join(';');
}
