import { join } from 'node:path';
import type { Check } from '../../artifacts/schemas/clip.js';
import { SnvgError } from '../../errors.js';
import type { ClipTimeline } from '../../media/timeline.js';
import type { StageContext } from '../stage.js';
import type { BurntCaptions } from './burnt-captions.js';
import type { OutputFormat } from './formats.js';
import { remux } from './picture/render-picture.js';
import { cutSound, type SoundCut } from './sound/cut-sound.js';
import { levelSound, type LevelledSound, type LevelRequest } from './sound/level-sound.js';
import { silentSound } from './sound/silent-sound.js';
import type { Loudness } from './sound/loudness-report.js';
import { type DecodedSource, truePeakLimitDbtp, type Verification, verifyClip } from './verify/verify-clip.js';

export interface ClipWork {
  timeline: ClipTimeline;
  format: OutputFormat;
  /** To burn in; `captions.ass` and `fonts` lie in the scratch folder. */
  captions: BurntCaptions | undefined;
  /** Null: the source has none. */
  sound: (SoundCut & LevelRequest) | null;
  /** Draws and encodes the picture beside the sound, which is copied; leaves `pictureFiles`. */
  draw(request: { soundPath: string; thumbnailRows: number }, progress: (fraction: number) => void): Promise<void>;
  /** How the source's picture was read; null where the picture is not the source's. */
  decoded: DecodedSource | null;
}

/** Share of the work that each step takes, for progress. */
const shares = { sound: 0.05, picture: 0.8 } as const;

/**
 * Makes the finished file in the scratch folder and proves it. When only the sound's level is off after decoding, the sound alone
 * is made anew, once, held lower or moved by what was measured.
 *
 * @throws {SnvgError} RENDER_UNVERIFIED naming the checks that failed; as runFfmpeg
 */
export async function finishClip(ctx: StageContext<{ loudnessLufs: number }>, work: ClipWork): Promise<Verification> {
  const { loudnessLufs } = ctx.params;
  const { timeline, captions, format } = work;
  const source = work.sound && (await cutSound(ctx, work.sound));
  let sound = work.sound && source && (await levelSound(ctx, work.sound, source));
  const soundName = sound?.file ?? (await silentSound(ctx, timeline));
  ctx.progress(shares.sound);
  const thumbnailRows = evenRows(captions?.clearRows ?? format.height);
  await work.draw({ soundPath: join(ctx.scratchDir, soundName), thumbnailRows }, (fraction) => ctx.progress(shares.sound + shares.picture * fraction));
  const check = (): Promise<Verification> =>
    verifyClip(ctx, {
      timeline,
      width: format.width,
      height: format.height,
      thumbnailRows,
      decoded: work.decoded,
      targetLufs: !sound || sound.shortfall ? null : loudnessLufs,
      captions: captions?.proof,
    });
  let verification = await check();
  if (work.sound && source && sound && failed(verification).some(({ id }) => id === 'loudness')) {
    sound = await levelSound(ctx, work.sound, source, correctionFor(verification.loudness, sound, loudnessLufs));
    await remux(ctx, sound.file);
    verification = await check();
  }
  if (sound) reportShortfall(ctx, sound, verification.loudness);
  const faults = failed(verification);
  if (faults.length > 0) {
    throw new SnvgError(
      'RENDER_UNVERIFIED',
      `The finished clip did not pass its checks: ${faults.map(({ id, detail }) => `${id} (${detail})`).join('; ')}`,
      'The clip is not shown. Run again; if it repeats, the source may be damaged there: try a re-encoded copy.',
    );
  }
  ctx.progress(1);
  return verification;
}

function failed({ checks }: Verification): Check[] {
  return checks.filter(({ passed }) => !passed);
}

/** Moves the next attempt by what the decoded sound missed. */
function correctionFor({ integratedLufs, truePeakDbtp }: Loudness, sound: LevelledSound, targetLufs: number): { peakDb: number; lu: number } {
  const over = Math.max(0, (truePeakDbtp ?? truePeakLimitDbtp) - truePeakLimitDbtp);
  return { peakDb: over > 0 ? -(over + 0.2) : 0, lu: integratedLufs === null || sound.shortfall ? 0 : targetLufs - integratedLufs };
}

function reportShortfall(ctx: StageContext<{ loudnessLufs: number }>, { shortfall }: LevelledSound, { integratedLufs }: Loudness): void {
  if (shortfall === 'silent') {
    ctx.notice({ code: 'CLIP_SILENT', message: 'The clip is silent, so its loudness was left as it is', remedy: 'Check that the right audio track is used.', severity: 'degraded' });
  } else if (shortfall === 'peaks') {
    ctx.notice({
      code: 'LOUDNESS_UNREACHED',
      message: `The clip is ${integratedLufs?.toFixed(1) ?? 'not'} LUFS loud, short of ${ctx.params.loudnessLufs}: more would distort its peaks`,
      remedy: 'Nothing to do, or ask for a lower --loudness.',
      severity: 'info',
    });
  }
}

function evenRows(rows: number): number {
  return 2 * Math.floor(rows / 2);
}
