import { join } from 'node:path';
import type { Source } from '../../artifacts/schemas/source.js';
import { decodeSpeech } from '../../media/audio.js';
import type { MediaHost } from '../../media/ffmpeg.js';
import { sampleRate } from './recogniser/pcm.js';

/**
 * Decodes the chosen audio stream to what the recogniser hears: 16 kHz mono s16le without a header. Sample 0 is time 0 of
 * the source.
 *
 * @returns path of the file in the scratch folder
 */
export async function decodeAudio(host: MediaHost, sourcePath: string, source: Source, progress: (fraction: number) => void): Promise<string> {
  const to = join(host.scratchDir, 'speech.pcm');
  await decodeSpeech(host, { path: sourcePath, audio: source.audio, to, sampleRate, durationUs: source.durationUs, progress });
  return to;
}
