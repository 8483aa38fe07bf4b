import type { Processing } from './videos.js';

/** What a test or a rehearsal decides about a channel. */
export interface ChannelFacts {
  /** It has uploaded all it may for 24 hours. */
  uploadLimitReached: boolean;
  /** It may have covers of its own. */
  mayHaveThumbnails: boolean;
  /** What becomes of films uploaded from now on. */
  processing: Processing;
}

export interface Channel {
  id: string;
  title: string;
  facts: ChannelFacts;
}

/** The channels of the accounts that have ever logged in. */
export class Channels {
  readonly #channels = new Map<string, Channel>();

  /** The account's channel, made when it is first seen. */
  of(account: { id: string; name: string }): Channel {
    const known = this.#channels.get(account.id);
    if (known) return known;
    const channel: Channel = { id: account.id, title: account.name, facts: { uploadLimitReached: false, mayHaveThumbnails: true, processing: { end: 'processed' } } };
    this.#channels.set(account.id, channel);
    return channel;
  }

  title(id: string): string {
    return this.#channels.get(id)?.title ?? '';
  }
}

/** The playlist of everything a channel has uploaded. */
export function uploadsPlaylist(channelId: string): string {
  return `UU${channelId.replace(/^UC/, '')}`;
}
