/** A colour as red, green and blue, 0…255, with fractions. */
type Colour = readonly [number, number, number];

/** A 4 × 4 ordered dither: dark gradients of 8 bits would show as steps. */
const dither = [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5].map((level) => (level + 0.5) / 16);

/** Hues from green-blue over violet to wine, in degrees: dark yellows look like mud. */
const coolest = 165;
const coolRange = 165;

/**
 * A calm picture for a recording that brings none: a dark diagonal gradient with a soft light behind the bars, in a hue of its own
 * for each source. Equal for equal input; no text.
 *
 * @param sha256 of the source: decides the hue
 * @param light the middle of the soft light, in pixels
 * @returns width × height pixels of 3 bytes, red first
 */
export function calmBackdrop(width: number, height: number, sha256: string, light: { x: number; y: number }): Uint8Array {
  const hue = coolest + (Number.parseInt(sha256.slice(0, 4), 16) / 0x10000) * coolRange;
  const top = fromHsl(hue, 0.45, 0.27);
  const bottom = fromHsl((hue + 35) % 360, 0.5, 0.13);
  const glow = fromHsl((hue + 350) % 360, 0.4, 0.34);
  const reach = 0.75 * Math.min(width, height);
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const along = (x / width + (2 * y) / height) / 3;
      const near = Math.exp(-((x - light.x) ** 2 + (y - light.y) ** 2) / (2 * (reach / 2) ** 2));
      const threshold = dither[(y % 4) * 4 + (x % 4)] ?? 0;
      for (let channel = 0; channel < 3; channel += 1) {
        const base = mix(top[channel] ?? 0, bottom[channel] ?? 0, along);
        pixels[(y * width + x) * 3 + channel] = Math.floor(mix(base, glow[channel] ?? 0, 0.7 * near) + threshold);
      }
    }
  }
  return pixels;
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

/** CSS Color 4 §7: hue in degrees, saturation and lightness 0…1. */
function fromHsl(hue: number, saturation: number, lightness: number): Colour {
  const channel = (n: number): number => {
    const k = (n + hue / 30) % 12;
    return 255 * (lightness - saturation * Math.min(lightness, 1 - lightness) * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  };
  return [channel(0), channel(8), channel(4)];
}
