import { expect } from 'vitest';
import type { Clip } from '../../src/artifacts/schemas/clip.js';
import type { Box } from '../../src/artifacts/schemas/common.js';
import type { Source } from '../../src/artifacts/schemas/source.js';
import { nearestFrame } from '../../src/media/timeline.js';
import type { ExpectedInput } from './expected.js';
import type { Passage } from './go-through.js';
import { brightnessOf, likeness, measureClip } from './look-at-clip.js';

const clipSide = 1080;
/** Notices of what every clip of such sources has. */
const alwaysFine = new Set(['SPEECH_NONE', 'NO_SPEECH', 'NO_CANDIDATE', 'CAPTIONS_FOUND', 'NO_FACE', 'CLIP_SILENT']);

/** Holds what happened to an input against what is right for it. */
export async function checkPassage(path: string, expected: ExpectedInput, passage: Passage): Promise<void> {
  const { refused } = expected;
  if (refused) {
    expect(passage.error).toMatchObject({ code: refused.code, exitCode: 3, message: expect.stringContaining(refused.says), remedy: expect.stringMatching(/\S/) });
    return;
  }
  expect(passage.error).toBeUndefined();
  const { source, clip, clipPath } = passage;
  if (!source || !clip || !clipPath) throw new Error('nothing was refused and nothing was made');
  checkSource(source, expected);
  const degraded = passage.notices.filter(({ severity, code }) => severity === 'degraded' && !alwaysFine.has(code)).map(({ code }) => code);
  const codes = passage.notices.map(({ code }) => code);
  for (const code of expected.notices ?? []) expect(codes).toContain(code);
  expect(degraded.filter((code) => !expected.notices?.includes(code))).toEqual([]);
  checkFile(clip, clipPath, expected);
  if (source.video && !expected.clip?.plain) checkPicture(path, source, clip, clipPath, expected);
}

function checkSource(source: Source, { seconds, video, audio, cover }: ExpectedInput): void {
  if (seconds !== undefined) expect(Math.abs(source.durationUs / 1e6 - seconds)).toBeLessThan(0.1);
  if (video === null) expect(source.video).toBeNull();
  else expect(source.video).toMatchObject(video ?? {});
  if (audio === null) expect(source.audio).toBeNull();
  else expect(source.audio).toMatchObject(audio ?? {});
  expect(source.cover !== null).toBe(cover === true);
}

function checkFile(clip: Clip, path: string, expected: ExpectedInput): void {
  const made = measureClip(path);
  expect(made).toMatchObject({ width: clipSide, height: clipSide, pixelFormat: 'yuv420p', color: 'bt709/bt709/bt709/tv', frames: clip.frames });
  const [start, end] = expected.cut ?? [0.1, 1.1];
  const askedFrames = ((Math.min(end, expected.seconds ?? end) - start) * clip.fps.num) / clip.fps.den;
  expect(Math.abs(made.frames - askedFrames)).toBeLessThanOrEqual(1);
  expect(made.starts.video).toBe(0);
  expect(Math.abs(made.starts.audio)).toBeLessThan(0.001);
  expect(made.truePeakDbtp === Number.NEGATIVE_INFINITY || Number.isNaN(made.truePeakDbtp) || made.truePeakDbtp <= -0.9).toBe(true);
  if (expected.clip?.silent) expect(made.integratedLufs).toBeLessThanOrEqual(-70);
  // Said and proven to be the nearest that its peaks allow.
  else if (expected.notices?.includes('LOUDNESS_UNREACHED')) expect(made.integratedLufs).toBeLessThan(-14);
  // Momentary loudness needs 0.4 s.
  else if (made.frames * clip.fps.den >= 0.5 * clip.fps.num) expect(Math.abs(made.integratedLufs + 14)).toBeLessThan(0.7);
}

/** Whether the middle of the clip shows what the source shows there, upright: a turned, mirrored or other picture is unlike. */
function checkPicture(path: string, source: Source, clip: Clip, clipPath: string, expected: ExpectedInput): void {
  const { video } = source;
  const range = clip.ranges[0];
  if (!video || !range) throw new Error('a clip of nothing');
  const middleUs = Math.round(clip.durationUs / 2);
  const shot = clip.camera.shots.find(({ startUs, endUs }) => startUs <= middleUs && middleUs < endUs) ?? clip.camera.shots[0];
  const display = { width: video.displayWidth, height: video.displayHeight };
  const whole: Box = { x: 0, y: 0, ...display };
  const box = shot?.mode === 'crop' ? (shot.keys.findLast(({ atUs }) => atUs <= middleUs)?.box ?? whole) : whole;
  const scale = Math.min(clipSide / box.width, clipSide / box.height);
  const shown: Box = { x: (clipSide - box.width * scale) / 2, y: (clipSide - box.height * scale) / 2, width: box.width * scale, height: box.height * scale };
  const { fps } = clip;
  const frame = Math.floor(clip.frames / 2);
  const first = nearestFrame(range.startUs, fps);
  const inSource = brightnessOf(path, `0:${video.index}`, { frame: first + frame, fps }, display, upperPart(box));
  const inClip = brightnessOf(clipPath, '0:v', { frame, fps }, { width: clipSide, height: clipSide }, upperPart(shown));
  expect(likeness(inSource, inClip)).toBeGreaterThan(expected.clip?.toneMapped ? 0.85 : 0.95);
}

/** Captions stand below. */
function upperPart(part: Box): Box {
  return { ...part, height: (part.height * 2) / 3 };
}
