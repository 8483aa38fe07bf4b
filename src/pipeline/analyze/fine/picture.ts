/** A planar 8-bit 4:2:0 picture, planes tightly packed: Y, then Cb and Cr at half size (rounded up). Limited range; BT.709, as good as any for finding faces. */
export interface YuvPicture {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Size of such a picture. */
export function pictureBytes(width: number, height: number): number {
  return width * height + 2 * ((width + 1) >> 1) * ((height + 1) >> 1);
}
