/** Output shapes. `captionScale`: caption sizes are given for a 1920 high picture; wide and square ones are watched larger than their height says. */
export const outputFormats = {
  vertical: { width: 1080, height: 1920, captionScale: 1 },
  square: { width: 1080, height: 1080, captionScale: 0.75 },
  wide: { width: 1920, height: 1080, captionScale: 0.7 },
} as const;

export type Format = keyof typeof outputFormats;
export type OutputFormat = (typeof outputFormats)[Format];
