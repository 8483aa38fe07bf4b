import type { Box } from '../../../artifacts/schemas/common.js';
import type { Camera, CameraShot } from '../../../artifacts/schemas/clip.js';
import type { ColourPlan } from '../../../media/colour.js';
import { type ClipTimeline, nearestFrame } from '../../../media/timeline.js';

interface Size {
  width: number;
  height: number;
}

/** What the filters meet and what they make. */
export interface CameraPicture {
  /** As decoded and upright: what is cropped. May be odd, and its samples need not be square. */
  stored: Size;
  /** As a viewer sees it: what camera boxes are measured in. */
  display: Size;
  /** Of the clip. */
  target: Size;
  colour: Pick<ColourPlan, 'keepRange' | 'convert'>;
}

/** A value at a frame of the stretch; between two of them it changes evenly. */
interface Key {
  frame: number;
  value: number;
}

/** Consecutive shots that one chain of filters can show. */
interface Stretch {
  kind: 'still' | 'moving' | 'fit';
  firstFrame: number;
  endFrame: number;
  shots: { firstFrame: number; keys: { frame: number; box: Box }[] }[];
}

/** Camera positions less than this far apart in source pixels are the same place: a still camera needs no interpolation. */
const stillPx = 0.5;
/** The blurred copy behind a picture shown whole is made at this share of the size: a wide blur at a small cost. */
const backdropShare = 0.1;
/** Dimmed in proportion, so that a dark picture's backdrop stays a colour and does not sink into black. */
const backdropTone = "lutyuv=y='16+(val-16)*0.6'";

/**
 * The filters that turn the source's picture (pad `from`) into the clip's picture (pad `to`: BT.709, 8 bits, 4:2:0) along the camera's path.
 * Every decision is made by counting output frames, so a cut of the camera falls on exactly the frame of the source's cut.
 *
 * A still camera crops the source and scales the crop. A moving one scales the strip it moves over and crops that, so that it
 * moves in pixels of the output, not in the (larger) ones of the source. Either way the picture is scaled once, from its stored samples
 * to its final size, and its colours are converted there.
 *
 * @returns filter chains joined by `;`, without a trailing one
 */
export function cameraFilters(camera: Camera, timeline: ClipTimeline, picture: CameraPicture, pads: { from: string; to: string }): string {
  const stretches = stretchesOf(camera, timeline, picture);
  const [only] = stretches;
  if (stretches.length <= 1) return chain(only ?? wholeClip(timeline), picture, pads.from, pads.to);
  const names = stretches.map((_, n) => `${pads.to}${n}`);
  const branches = stretches.map((stretch, n) => {
    const trimmed = `[${names[n]}in]trim=start_frame=${stretch.firstFrame}:end_frame=${stretch.endFrame},setpts=PTS-STARTPTS[${names[n]}cut]`;
    return `${trimmed};${chain(stretch, picture, `${names[n]}cut`, `${names[n]}out`)}`;
  });
  return [
    `[${pads.from}]split=${stretches.length}${names.map((name) => `[${name}in]`).join('')}`,
    ...branches,
    `${names.map((name) => `[${name}out]`).join('')}concat=n=${stretches.length}:v=1:a=0[${pads.to}]`,
  ].join(';');
}

function wholeClip(timeline: ClipTimeline): Stretch {
  return { kind: 'fit', firstFrame: 0, endFrame: timeline.frames, shots: [] };
}

/** Shots as runs of frames; neighbours that are both still, or both fit, become one. */
function stretchesOf(camera: Camera, timeline: ClipTimeline, { stored, display }: CameraPicture): Stretch[] {
  const stretches: Stretch[] = [];
  const across = stored.width / display.width;
  const down = stored.height / display.height;
  const inStoredPixels = ({ x, y, width, height }: Box): Box => ({ x: x * across, y: y * down, width: width * across, height: height * down });
  for (const shot of camera.shots) {
    const last = stretches.at(-1);
    const firstFrame = last?.endFrame ?? 0;
    const endFrame = shot === camera.shots.at(-1) ? timeline.frames : Math.min(timeline.frames, nearestFrame(shot.endUs, timeline.fps));
    if (endFrame <= firstFrame) continue;
    const kind = kindOf(shot);
    const keys = shot.keys.map(({ atUs, box }) => ({ frame: nearestFrame(atUs, timeline.fps), box: inStoredPixels(box) }));
    if (last && kind !== 'moving' && last.kind === kind && sameSize(last, keys[0]?.box)) {
      last.endFrame = endFrame;
      last.shots.push({ firstFrame, keys });
    } else stretches.push({ kind, firstFrame, endFrame, shots: [{ firstFrame, keys }] });
  }
  return stretches;
}

function kindOf(shot: CameraShot): Stretch['kind'] {
  const first = shot.keys[0]?.box;
  if (shot.mode === 'fit' || !first) return 'fit';
  return shot.keys.every(({ box }) => Math.abs(box.x - first.x) < stillPx && Math.abs(box.y - first.y) < stillPx) ? 'still' : 'moving';
}

function sameSize(stretch: Stretch, box: Box | undefined): boolean {
  const other = stretch.shots[0]?.keys[0]?.box;
  return box?.width === other?.width && box?.height === other?.height;
}

function chain(stretch: Stretch, whole: CameraPicture, from: string, to: string): string {
  if (stretch.kind === 'fit') return fitFilters(whole, from, to);
  const { stored: picture, target } = whole;
  const box = stretch.shots[0]?.keys[0]?.box ?? { x: 0, y: 0, ...picture };
  const size = { width: evenWithin(box.width, picture.width), height: evenWithin(box.height, picture.height) };
  const scale = [scaleTo(target, 'bicubic', whole), ...whole.colour.convert, 'setsar=1'].join(',');
  if (stretch.kind === 'still') {
    const steps = (axis: 'x' | 'y', room: number): string =>
      stepExpression(stretch.shots.map(({ firstFrame, keys }) => ({ frame: firstFrame - stretch.firstFrame, value: evenWithin(keys[0]?.box[axis] ?? 0, room, 0) })));
    const crop = `crop=${size.width}:${size.height}:${quoted(steps('x', picture.width - size.width))}:${quoted(steps('y', picture.height - size.height))}`;
    return `[${from}]${crop},${scale}[${to}]`;
  }
  return `[${from}]${movingFilters(stretch, size, whole)}[${to}]`;
}

function movingFilters(stretch: Stretch, size: Size, whole: CameraPicture): string {
  const { stored: picture, target } = whole;
  const keys = stretch.shots.flatMap((shot) => shot.keys);
  const axis = (name: 'x' | 'y', side: 'width' | 'height'): { from: number; extent: number; scaled: number; path: string } => {
    const room = picture[side] - size[side];
    const held = keys.map(({ frame, box }) => ({ frame: frame - stretch.firstFrame, value: Math.min(Math.max(0, box[name]), room) }));
    const from = Math.max(0, 2 * Math.floor(Math.min(...held.map(({ value }) => value)) / 2));
    const extent = Math.min(picture[side] - from, evenCeil(Math.max(...held.map(({ value }) => value)) - from + size[side]));
    const factor = target[side] / size[side];
    const scaled = Math.max(target[side], 2 * Math.round((extent * factor) / 2));
    const path = held.map(({ frame, value }) => ({ frame, value: Math.min(scaled - target[side], (value - from) * factor) }));
    return { from, extent, scaled, path: lineExpression(path) };
  };
  const x = axis('x', 'width');
  const y = axis('y', 'height');
  return [
    `crop=${x.extent}:${y.extent}:${x.from}:${y.from}`,
    scaleTo({ width: x.scaled, height: y.scaled }, 'bicubic', whole),
    `crop=${target.width}:${target.height}:${quoted(x.path)}:${quoted(y.path)}`,
    ...whole.colour.convert,
    'setsar=1',
  ].join(',');
}

/** The whole picture in the middle of a blurred, darkened copy that fills the frame. */
function fitFilters(whole: CameraPicture, from: string, to: string): string {
  const { display: picture, target, colour } = whole;
  const share = Math.min(target.width / picture.width, target.height / picture.height);
  const inner = { width: evenWithin(picture.width * share, target.width), height: evenWithin(picture.height * share, target.height) };
  const scaled = (size: Size, flags: string): string[] => [scaleTo(size, flags, whole), ...colour.convert];
  if (inner.width >= target.width - 2 && inner.height >= target.height - 2) return `[${from}]${scaled(target, 'bicubic').join(',')},setsar=1[${to}]`;
  const small = { width: evenCeil(target.width * backdropShare), height: evenCeil(target.height * backdropShare) };
  const cover = Math.max(small.width / picture.width, small.height / picture.height);
  const covering = { width: Math.max(small.width, evenCeil(picture.width * cover)), height: Math.max(small.height, evenCeil(picture.height * cover)) };
  const backdrop = [...scaled(covering, 'fast_bilinear'), `crop=${small.width}:${small.height}`, `boxblur=${Math.max(1, Math.min(5, Math.floor(Math.min(small.width, small.height) / 4) - 1))}:3`, backdropTone, `scale=${target.width}:${target.height}:flags=bilinear:in_range=tv:out_range=tv`, 'setsar=1'];
  const place = `${Math.floor((target.width - inner.width) / 4) * 2}:${Math.floor((target.height - inner.height) / 4) * 2}`;
  return [
    `[${from}]split=2[${to}a][${to}b]`,
    `[${to}a]${backdrop.join(',')}[${to}back]`,
    `[${to}b]${scaled(inner, 'bicubic').join(',')},setsar=1[${to}front]`,
    `[${to}back][${to}front]overlay=${place}:format=yuv420[${to}]`,
  ].join(';');
}

function scaleTo({ width, height }: Size, flags: string, { colour }: CameraPicture): string {
  return `scale=${width}:${height}:flags=${flags}${colour.keepRange}`;
}

/** An expression in `n` (frames since the stretch began) that jumps to each value at its frame. */
export function stepExpression(steps: readonly Key[]): string {
  const changes = steps.filter((step, index) => index === 0 || step.value !== steps[index - 1]?.value);
  return choose(changes, 0, changes.length - 1, ({ value }) => String(value));
}

/** An expression in `n` that passes through all keys in straight lines and rests before the first and after the last. */
export function lineExpression(keys: readonly Key[]): string {
  const parts = keys.map((key, index): Key & { text: string } => {
    const next = keys[index + 1];
    const slope = next && next.frame > key.frame ? (next.value - key.value) / (next.frame - key.frame) : 0;
    return { ...key, text: slope === 0 ? decimal(key.value) : `${decimal(key.value)}+${decimal(slope)}*(n-${key.frame})` };
  });
  const [first] = keys;
  const rest = first && first.frame > 0 ? [{ frame: 0, value: first.value, text: decimal(first.value) }] : [];
  return choose([...rest, ...parts], 0, rest.length + parts.length - 1, ({ text }) => text);
}

/** A balanced tree of comparisons: its depth, not its length, is what each frame pays and what the parser allows. */
function choose<T extends Key>(parts: readonly T[], low: number, high: number, text: (part: T) => string): string {
  const part = parts[low];
  if (!part) return '0';
  if (low >= high) return text(part);
  const middle = Math.ceil((low + high) / 2);
  return `if(lt(n,${parts[middle]?.frame ?? 0}),${choose(parts, low, middle - 1, text)},${choose(parts, middle, high, text)})`;
}

function quoted(expression: string): string {
  return `'${expression}'`;
}

function decimal(value: number): string {
  return value.toFixed(4).replace(/\.?0+$/, '').replace(/^-0$/, '0');
}

function evenWithin(value: number, most: number, least = 2): number {
  return Math.max(least, Math.min(2 * Math.round(value / 2), 2 * Math.floor(most / 2)));
}

function evenCeil(value: number): number {
  return 2 * Math.ceil(value / 2 - 1e-9);
}
