import { stat } from 'node:fs/promises';
import { PlatformFault } from '../faults.js';
import type { PublicationStep, PublishableClip } from '../publisher.js';
import { initialized, readAs } from './bodies.js';
import { xClient } from './client.js';
import { asHandle, type XMedia, type XMemory } from './memory.js';
import type { XOptions } from './options.js';
import type { XSession } from './session.js';

/** Whether there are subtitles to upload, in a language that X has a code for. */
export function hasTrack(clip: PublishableClip, { subtitles }: Pick<XOptions, 'subtitles'>): boolean {
  return subtitles && clip.captions !== null && languageOf(clip) !== undefined;
}

/** What an upload goes on with. */
export function stageAfterSubtitles({ altText }: Pick<XOptions, 'altText'>): 'describe' | 'ready' {
  return altText === undefined ? 'ready' : 'describe';
}

/** Uploads the subtitles and ties them to the video, one request a step. Where X does not take them, the post goes without and says so. */
export async function subtitlesStep(session: XSession, memory: XMemory, media: XMedia): Promise<PublicationStep> {
  const { clip } = session.context;
  const over = asHandle({ ...memory, media: { ...media, stage: stageAfterSubtitles(session.options) } });
  const language = languageOf(clip);
  if (clip.captions === null || language === undefined) return { state: 'uploading', handle: over };
  try {
    const track = await nextOf(session, media, clip.captions.srt, language);
    return { state: 'uploading', handle: track ? asHandle({ ...memory, media: { ...media, track } }) : over };
  } catch (error) {
    if (!(error instanceof PlatformFault) || error.kind !== 'refused') throw error;
    // Ended before, and its answer lost: tying it to the video tells.
    if (media.track?.stage === 'finalize') return { state: 'uploading', handle: asHandle({ ...memory, media: { ...media, track: { ...media.track, stage: 'attach' } } }) };
    return { state: 'uploading', handle: over, notice: { message: `X did not take the subtitles (${error.message})`, remedy: 'Burn the captions into the picture, or leave x.subtitles away.' } };
  }
}

/** Does what the track needs next; undefined: nothing any more. */
async function nextOf({ api }: XSession, { id, track }: XMedia, path: string, language: string): Promise<XMedia['track'] | undefined> {
  if (!track) {
    const sizeBytes = (await stat(path)).size;
    const answer = await api.send({ what: 'beginning the subtitles', method: 'POST', path: '/2/media/upload/initialize', body: { media_type: 'text/srt', total_bytes: sizeBytes, media_category: 'subtitles' } });
    return { id: readAs(initialized, answer, 'the subtitles').data.id, sizeBytes, stage: 'append' };
  }
  switch (track.stage) {
    case 'append': {
      const parts = [
        { name: 'segment_index', value: '0' },
        { name: 'media', value: { path, startByte: 0, endByte: track.sizeBytes }, fileName: 'subtitles.srt', contentType: 'application/octet-stream' },
      ];
      await api.send({ what: 'sending the subtitles', method: 'POST', path: `/2/media/upload/${track.id}/append`, body: { parts } });
      return { ...track, stage: 'finalize' };
    }
    case 'finalize':
      await api.send({ what: 'ending the subtitles', method: 'POST', path: `/2/media/upload/${track.id}/finalize` });
      return { ...track, stage: 'attach' };
    case 'attach': {
      const name = new Intl.DisplayNames(['en'], { type: 'language' }).of(language) ?? language;
      const body = { id, media_category: 'TweetVideo', subtitles: { id: track.id, language_code: language.toUpperCase(), display_name: name } };
      await (await xClient(api, 'tying the subtitles to the video')).post('media/subtitles', body);
      return undefined;
    }
  }
}

/** Two letters: X's codes have no more. */
function languageOf({ language }: PublishableClip): string | undefined {
  return /^([a-z]{2})(-|$)/i.exec(language ?? '')?.[1]?.toLowerCase();
}
