import { SnvgError } from '../../errors.js';
import type { ProbedStream } from '../../media/probe.js';
import type { StageContext } from '../stage.js';
import { chooseAudio, namedTracks, trackLabel } from './choose-streams.js';
import { silentTracks } from './track-levels.js';

/** What a person said about the sound they want. */
export interface TrackWish {
  /** ffprobe's number of a stream, or a language code; null: choose. */
  audioTrack: string | null;
  /** What is spoken, or null. */
  language: string | null;
}

/**
 * The audio track to work on, and says which where there were several to choose from.
 *
 * @param source `path` is decoded, to tell silent tracks from others; `name` is for messages
 * @throws {SnvgError} USAGE: there is no track such as was asked for
 */
export async function chooseTrack(
  ctx: StageContext<unknown>,
  source: { path: string; name: string; tracks: readonly ProbedStream[]; durationUs: number },
  wish: TrackWish,
): Promise<ProbedStream | undefined> {
  const { path, name, tracks, durationUs } = source;
  const named = wish.audioTrack === null ? tracks : namedTracks(tracks, wish.audioTrack);
  if (wish.audioTrack !== null && named.length === 0) {
    const list = tracks.length === 0 ? 'it has none' : tracks.map(trackLabel).join('; ');
    throw new SnvgError('USAGE', `${name} has no audio track ${wish.audioTrack}: ${list}`, tracks.length === 0 ? 'Leave --audio-track away.' : `Name one of them, for example with --audio-track ${tracks[0]?.index}`);
  }
  if (named.length < 2) return named[0];
  const silent = await silentTracks(ctx, path, named.map(({ index }) => index), durationUs);
  const chosen = chooseAudio(named, ({ index }) => silent.has(index), wish.language ?? undefined);
  if (!chosen) return undefined;
  const others = named.filter((track) => track !== chosen).map((track) => trackLabel(track) + (silent.has(track.index) ? ', silent' : ''));
  ctx.notice({
    code: 'AUDIO_TRACK_CHOSEN',
    severity: 'info',
    message: `${name} has ${tracks.length} audio tracks; ${trackLabel(chosen)} is used, not ${others.join('; ')}`,
    remedy: `To use another, name its number or its language: --audio-track ${named.find((track) => track !== chosen)?.index}`,
  });
  return chosen;
}
