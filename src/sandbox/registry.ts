import type { StandIn, StandInOptions } from './stand-in.js';

/** Every stand-in by the platform it stands in for, loaded when it is asked for. */
const makers: Readonly<Record<string, (options: StandInOptions) => Promise<StandIn>>> = {
  instagram: async (options) => new (await import('./instagram/index.js')).InstagramStandIn(options),
  tiktok: async (options) => new (await import('./tiktok/index.js')).TikTokStandIn(options),
  webhook: async (options) => (await import('./webhook/index.js')).webhookStandInOf(process.env, options),
  x: async (options) => new (await import('./x/index.js')).XStandIn(options),
  youtube: async (options) => new (await import('./youtube/index.js')).YoutubeStandIn(options),
};

/** Platforms that can be rehearsed. */
export const rehearsable: readonly string[] = Object.keys(makers);

/** Undefined: the platform has no stand-in. */
export async function makeStandIn(platform: string, options: StandInOptions): Promise<StandIn | undefined> {
  return Object.hasOwn(makers, platform) ? makers[platform]?.(options) : undefined;
}
