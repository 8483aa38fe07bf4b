/** Width and height in display pixels. */
export interface Size {
  width: number;
  height: number;
}

/** Shapes closer than this need no camera: the whole picture is the crop. */
const sameShape = 0.02;

/**
 * The largest even-sized box of the target's shape inside the picture. The shape is kept to one pixel: the long side
 * gives way when the short one cannot be met evenly.
 */
export function cropSize(picture: Size, target: Size): Size {
  const aspect = target.width / target.height;
  if (picture.width / picture.height >= aspect) {
    const width = Math.min(evenFloor(picture.width), Math.max(2, evenFloor(picture.height * aspect)));
    return { width, height: Math.min(evenFloor(picture.height), evenNearest(width / aspect)) };
  }
  const height = Math.max(2, evenFloor(picture.width / aspect));
  return { width: Math.min(evenFloor(picture.width), evenNearest(height * aspect)), height };
}

/** Whether the picture already has the target's shape, give or take two percent. */
export function isTargetShape(picture: Size, target: Size): boolean {
  return Math.abs((picture.width * target.height) / (picture.height * target.width) - 1) <= sameShape;
}

function evenFloor(value: number): number {
  return 2 * Math.floor(value / 2 + 1e-9);
}

function evenNearest(value: number): number {
  return Math.max(2, 2 * Math.round(value / 2));
}
