/** What a 16:9 picture is reduced to; other shapes get about as many pixels. */
const pixels = 480 * 270;

/**
 * The size at which a window is looked at: even, the display's shape to a pixel or two. Faces from 1/25 of a wide picture's
 * width are found at it.
 */
export function analysisSize(display: { displayWidth: number; displayHeight: number }): { width: number; height: number } {
  const aspect = display.displayWidth / display.displayHeight;
  const scale = Math.min(1, Math.sqrt(pixels / (display.displayWidth * display.displayHeight)));
  const width = even(display.displayWidth * scale);
  return { width, height: even(width / aspect) };
}

function even(value: number): number {
  return Math.max(2, 2 * Math.round(value / 2));
}
