import type { Box } from '../../../artifacts/schemas/common.js';
import type { Camera, CameraShot } from '../../../artifacts/schemas/clip.js';
import { type ClipTimeline, nearestFrame } from '../../../media/timeline.js';

interface Size {
  width: number;
  height: number;
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
const backdropTone = "format=yuv420p,lutyuv=y='16+(val-16)*0.6'";

/**
 * The filters that turn the source's display picture (pad `from`) into the clip's picture (pad `to`) along the camera's path.
 * Every decision is made by counting output frames, so a cut of the camera falls on exactly the frame of the source's cut.
 *
 * A still camera crops the source and scales the crop. A moving one scales the strip it moves over and crops that, so that it
 * moves in pixels of the output, not in the (larger) ones of the source.
 *
 * @returns filter chains joined by `;`, without a trailing one
 */
export function cameraFilters(camera: Camera, timeline: ClipTimeline, picture: Size, target: Size, pads: { from: string; to: string; deep: boolean }): string {
  const stretches = stretchesOf(camera, timeline);
  const [only] = stretches;
  if (stretches.length <= 1) return chain(only ?? wholeClip(timeline), picture, target, pads.from, pads.to, pads.deep);
  const names = stretches.map((_, n) => `${pads.to}${n}`);
  const branches = stretches.map((stretch, n) => {
    const trimmed = `[${names[n]}in]trim=start_frame=${stretch.firstFrame}:end_frame=${stretch.endFrame},setpts=PTS-STARTPTS[${names[n]}cut]`;
    return `${trimmed};${chain(stretch, picture, target, `${names[n]}cut`, `${names[n]}out`, pads.deep)}`;
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
function stretchesOf(camera: Camera, timeline: ClipTimeline): Stretch[] {
  const stretches: Stretch[] = [];
  for (const shot of camera.shots) {
    const last = stretches.at(-1);
    const firstFrame = last?.endFrame ?? 0;
    const endFrame = shot === camera.shots.at(-1) ? timeline.frames : Math.min(timeline.frames, nearestFrame(shot.endUs, timeline.fps));
    if (endFrame <= firstFrame) continue;
    const kind = kindOf(shot);
    const keys = shot.keys.map(({ atUs, box }) => ({ frame: nearestFrame(atUs, timeline.fps), box }));
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

function chain(stretch: Stretch, picture: Size, target: Size, from: string, to: string, deep: boolean): string {
  if (stretch.kind === 'fit') return fitFilters(picture, target, from, to, deep);
  const box = stretch.shots[0]?.keys[0]?.box ?? { x: 0, y: 0, ...picture };
  const size = { width: evenWithin(box.width, picture.width), height: evenWithin(box.height, picture.height) };
  const scale = `scale=${target.width}:${target.height}:flags=bicubic,setsar=1`;
  if (stretch.kind === 'still') {
    const steps = (axis: 'x' | 'y', room: number): string =>
      stepExpression(stretch.shots.map(({ firstFrame, keys }) => ({ frame: firstFrame - stretch.firstFrame, value: evenWithin(keys[0]?.box[axis] ?? 0, room, 0) })));
    const crop = `crop=${size.width}:${size.height}:${quoted(steps('x', picture.width - size.width))}:${quoted(steps('y', picture.height - size.height))}`;
    return `[${from}]${crop},${scale}[${to}]`;
  }
  return `[${from}]${movingFilters(stretch, size, picture, target)}[${to}]`;
}

function movingFilters(stretch: Stretch, size: Size, picture: Size, target: Size): string {
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
    `scale=${x.scaled}:${y.scaled}:flags=bicubic`,
    `crop=${target.width}:${target.height}:${quoted(x.path)}:${quoted(y.path)}`,
    'setsar=1',
  ].join(',');
}

/** The whole picture in the middle of a blurred, darkened copy that fills the frame. */
function fitFilters(picture: Size, target: Size, from: string, to: string, deep: boolean): string {
  const share = Math.min(target.width / picture.width, target.height / picture.height);
  const inner = { width: evenWithin(picture.width * share, target.width), height: evenWithin(picture.height * share, target.height) };
  const scale = (size: Size, flags: string): string => `scale=${size.width}:${size.height}:flags=${flags}`;
  if (inner.width >= target.width - 2 && inner.height >= target.height - 2) return `[${from}]${scale(target, 'bicubic')},setsar=1[${to}]`;
  const small = { width: evenCeil(target.width * backdropShare), height: evenCeil(target.height * backdropShare) };
  const cover = Math.max(small.width / picture.width, small.height / picture.height);
  const covering = { width: Math.max(small.width, evenCeil(picture.width * cover)), height: Math.max(small.height, evenCeil(picture.height * cover)) };
  const backdrop = [scale(covering, 'fast_bilinear'), `crop=${small.width}:${small.height}`, `boxblur=${Math.max(1, Math.min(5, Math.floor(Math.min(small.width, small.height) / 4) - 1))}:3`, backdropTone, scale(target, 'bilinear'), 'setsar=1'];
  const place = `${Math.floor((target.width - inner.width) / 4) * 2}:${Math.floor((target.height - inner.height) / 4) * 2}`;
  return [
    `[${from}]split=2[${to}a][${to}b]`,
    `[${to}a]${backdrop.join(',')}[${to}back]`,
    `[${to}b]${scale(inner, 'bicubic')},setsar=1[${to}front]`,
    `[${to}back][${to}front]overlay=${place}:format=${deep ? 'yuv420p10' : 'yuv420'}[${to}]`,
  ].join(';');
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
