/** Where platforms draw their own buttons: kept clear at 1080×1920, in pixels. Community medians over TikTok, Shorts and Reels together. */
const reference = { width: 1080, height: 1920, top: 210, bottom: 450, left: 60, right: 150 } as const;

/** A rectangle of the picture in pixels, origin top left. */
export interface PixelBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The part of a picture no platform covers, in proportion for other shapes: 870×1260 of 1080×1920. */
export function safeArea(width: number, height: number): PixelBox {
  const x = Math.round((reference.left * width) / reference.width);
  const y = Math.round((reference.top * height) / reference.height);
  const right = Math.round((reference.right * width) / reference.width);
  const bottom = Math.round((reference.bottom * height) / reference.height);
  return { x, y, width: width - x - right, height: height - y - bottom };
}

/** Where captions may stand: inside the safe area and centred on the picture, so as wide as its narrower side allows. */
export function captionArea(width: number, height: number): PixelBox {
  const safe = safeArea(width, height);
  const margin = Math.max(safe.x, width - safe.x - safe.width);
  return { ...safe, x: margin, width: width - 2 * margin };
}
