import { createHash } from 'node:crypto';
import { SnvgError } from '../../errors.js';
import { type MediaHost, type MediaInput, runFfmpeg } from '../ffmpeg.js';

/** What is read of a film from one seek on. */
export interface ReadStretch {
  seekUs: number;
  endUs: number;
}

/** So many inputs one ffmpeg opens at once. */
const mostInputs = 8;
/** A demuxer that looks for where the film goes on in a hole says nothing. */
const stallMs = 20_000;

/** A decoder also gets what lies before the wanted time, and before the first keyframe. */
const allThatIsRead = ['-copypriorss', '1', '-copyinkf'] as const;

/**
 * What a demuxer reads of some stretches of a film, with the same seeks as when they are decoded: times, sizes and hashes of the packets
 * of some streams, and what it says of the streams. Equal answers: a decoder gets the same from the one file as from the other.
 *
 * @returns undefined when it cannot be read so
 */
export async function demuxed(host: MediaHost, path: string, stretches: readonly ReadStretch[], streams: readonly number[]): Promise<string | undefined> {
  const packets = createHash('sha256');
  const said = createHash('sha256');
  try {
    for (let first = 0; first < stretches.length; first += mostInputs) {
      const inputs = stretches.slice(first, first + mostInputs).map(({ seekUs, endUs }): MediaInput => ({ path, seekUs, durationUs: endUs - seekUs, sourceTimes: true }));
      const maps = inputs.flatMap((_, n) => streams.flatMap((stream) => ['-map', `${n}:${stream}`]));
      await runFfmpeg(
        host,
        { inputs, outputs: [{ to: 'pipe:1', options: [...maps, '-c', 'copy', ...allThatIsRead, '-f', 'framemd5'] }] },
        {
          stallMs,
          onStdoutChunk: (chunk) => void packets.update(chunk),
          onLogLine: (line) => {
            if (/^\s+Stream #|^\s+Duration: /.test(line)) said.update(`${line}\n`);
          },
        },
      );
    }
  } catch (error) {
    if (host.signal.aborted || !(error instanceof SnvgError) || error.code === 'DISK_FULL') throw error;
    return undefined;
  }
  return `${packets.digest('hex')} ${said.digest('hex')}`;
}
