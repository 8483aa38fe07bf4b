import type { PublishableClip } from '../publisher.js';

/** The text to paste when uploading by hand: title, description, hashtags. */
export function postText(clip: Pick<PublishableClip, 'title' | 'description' | 'hashtags'>): string {
  const parts = [clip.title, clip.description, clip.hashtags.join(' ')];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}
