import type { PublishableClip } from '../../publishers/publisher.js';
import type { JobClip } from './job-clips.js';
import type { Platform } from './targets.js';

/** The film a platform gets: in the format a person chose, else in the one it shows best; undefined when the clip was not made in it. */
export function chooseFilm(clip: JobClip, { publisher, format }: Pick<Platform, 'publisher' | 'format'>): PublishableClip | undefined {
  const wanted = format === null ? publisher.limits.formats : [format];
  for (const name of wanted) {
    const film = clip.films.find((one) => one.format === name);
    if (film) return film;
  }
  return undefined;
}
