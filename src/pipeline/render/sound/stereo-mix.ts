import type { ChannelRepair } from '../../../artifacts/schemas/analysis.js';

/** What of an audio stream its mix depends on. */
interface Channels {
  channels: number;
  channelLayout: string | null;
}

/** Loudspeakers of the layouts with a centre, where dialogue is; without the low-frequency one, which carries none. */
const layouts: Readonly<Record<string, readonly string[]>> = {
  '3.0': ['FL', 'FR', 'FC'],
  '3.1': ['FL', 'FR', 'FC'],
  '4.0': ['FL', 'FR', 'FC', 'BC'],
  '4.1': ['FL', 'FR', 'FC', 'BC'],
  '5.0': ['FL', 'FR', 'FC', 'BL', 'BR'],
  '5.1': ['FL', 'FR', 'FC', 'BL', 'BR'],
  '5.0(side)': ['FL', 'FR', 'FC', 'SL', 'SR'],
  '5.1(side)': ['FL', 'FR', 'FC', 'SL', 'SR'],
  '6.0': ['FL', 'FR', 'FC', 'BC', 'SL', 'SR'],
  '6.1': ['FL', 'FR', 'FC', 'BC', 'SL', 'SR'],
  '7.0': ['FL', 'FR', 'FC', 'BL', 'BR', 'SL', 'SR'],
  '7.1': ['FL', 'FR', 'FC', 'BL', 'BR', 'SL', 'SR'],
};

/** The centre leads: a plain mix takes dialogue down by 3 dB against music and noise around it. */
const gains: Readonly<Record<string, number>> = { FL: 0.6, FR: 0.6, FC: 0.8, BC: 0.25, BL: 0.35, BR: 0.35, SL: 0.35, SR: 0.35 };
const repairs: Readonly<Record<Exclude<ChannelRepair, 'none'>, string>> = {
  'left-to-both': 'pan=stereo|c0=c0|c1=c0',
  'right-to-both': 'pan=stereo|c0=c1|c1=c1',
  'invert-right': 'pan=stereo|c0=c0|c1=-1*c1',
};

/** The filter that makes two channels of a sound, both with what is said. */
export function stereoMix({ channels, channelLayout }: Channels, repair: ChannelRepair): string {
  if (channels === 2 && repair !== 'none') return repairs[repair];
  const speakers = channelLayout === null ? undefined : layouts[channelLayout];
  if (!speakers) return 'aformat=channel_layouts=stereo';
  const side = (own: string): string =>
    speakers
      .filter((name) => name.endsWith('C') || name.endsWith(own))
      .map((name) => `${gains[name] ?? 0}*${name}`)
      .join('+');
  return `pan=stereo|c0=${side('L')}|c1=${side('R')}`;
}
