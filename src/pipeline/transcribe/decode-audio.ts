import { join } from 'node:path';
import type { Source } from '../../artifacts/schemas/source.js';
import { runFfmpeg, type MediaHost } from '../../media/ffmpeg.js';
import { sampleRate } from './recogniser/pcm.js';

/**
 * Decodes the chosen audio stream to what the recogniser hears: 16 kHz mono s16le without a header. Sample 0 is time 0 of
 * the source: a late start and gaps are filled with silence, overlaps trimmed.
 *
 * @returns path of the file in the scratch folder
 */
export async function decodeAudio(host: MediaHost, sourcePath: string, source: Source, progress: (fraction: number) => void): Promise<string> {
  const pcmPath = join(host.scratchDir, 'speech.pcm');
  await runFfmpeg(
    host,
    {
      inputs: [{ path: sourcePath, options: ['-threads', '1'] }],
      outputs: [
        {
          to: pcmPath,
          options: ['-map', `0:${source.audio.index}`, '-af', 'aresample=async=1:first_pts=0', '-ac', '1', '-ar', String(sampleRate), '-c:a', 'pcm_s16le', '-f', 's16le'],
        },
      ],
    },
    { expectedUs: source.durationUs, progress },
  );
  return pcmPath;
}
