import type { MediaInput } from '../../media/ffmpeg.js';

/** One piece of the clip, as it is read from the source. */
export interface Excerpt {
  input: MediaInput;
  /** What comes before the piece and is dropped by the graph. */
  prerollUs: number;
}
