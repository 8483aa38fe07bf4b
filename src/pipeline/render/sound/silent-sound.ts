import { type MediaHost, runFfmpeg } from '../../../media/ffmpeg.js';
import type { ClipTimeline } from '../../../media/timeline.js';
import { samplesAt } from './cut-sound.js';
import { encodedSound, soundFile } from './level-sound.js';

/**
 * Encodes silence as long as the clip, for sources without sound: platforms expect a sound track, and some refuse a file without one.
 *
 * @returns the file's name in the scratch folder
 * @throws {SnvgError} as runFfmpeg
 */
export async function silentSound(host: MediaHost, timeline: ClipTimeline): Promise<string> {
  await runFfmpeg(host, {
    inputs: [],
    graph: `anullsrc=r=48000:cl=stereo,atrim=end_sample=${samplesAt(timeline.frames, timeline)}[sound]`,
    outputs: [{ to: soundFile, options: ['-map', '[sound]', ...encodedSound] }],
  });
  return soundFile;
}
