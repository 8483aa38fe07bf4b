import type { StandInAnswer } from '../stand-in.js';
import { graphError, invalidParameter } from './graph-answers.js';
import { type Parameters, unknownOf } from './parameters.js';

const known = ['media_type', 'upload_type', 'caption', 'share_to_feed', 'thumb_offset', 'collaborators', 'location_id', 'audio_name', 'cover_url', 'video_url', 'user_tags'];

/** What the reference says of each parameter of a Reel. */
export function wrongReelParameter(parameters: Parameters): StandInAnswer | undefined {
  const unknown = unknownOf(parameters, known);
  if (unknown !== undefined) return invalidParameter(unknown);
  if (parameters.get('media_type') !== 'REELS') return graphError(400, 100, 'The media_type is not one that is known.', { subcode: 2207023 });
  if (parameters.get('upload_type') !== 'resumable') return graphError(400, 9004, 'The media could not be fetched from this address.', { subcode: 2207052 });
  if (parameters.has('video_url')) return invalidParameter('video_url together with upload_type=resumable');
  const caption = parameters.get('caption') ?? '';
  if (typeof caption !== 'string') return invalidParameter('caption');
  if (caption.length > 2200) return graphError(400, 36004, 'The caption is too long.', { subcode: 2207010 });
  if ((caption.match(/#[\p{L}\p{M}\p{N}_]+/gu)?.length ?? 0) > 30) return graphError(400, 36004, 'The caption has too many hashtags.', { subcode: 2207010 });
  if ((caption.match(/(?<![\p{L}\p{N}_.])@[\w.]+/gu)?.length ?? 0) > 20) return graphError(400, 100, 'The caption mentions too many people.', { subcode: 2207040 });
  const thumb = parameters.get('thumb_offset');
  if (thumb !== undefined && !(Number.isInteger(Number(thumb)) && Number(thumb) >= 0)) return graphError(400, 1, 'The thumbnail offset is out of bounds.', { subcode: 2207057 });
  const feed = parameters.get('share_to_feed');
  if (feed !== undefined && ![true, false, 'true', 'false'].includes(feed as boolean | string)) return invalidParameter('share_to_feed');
  const collaborators = parameters.get('collaborators');
  if (collaborators !== undefined && !(Array.isArray(collaborators) && collaborators.length <= 3 && collaborators.every((name) => /^[A-Za-z0-9._]{1,30}$/.test(String(name))))) return invalidParameter('collaborators');
  const place = parameters.get('location_id');
  if (place !== undefined && !/^\d+$/.test(String(place))) return invalidParameter('location_id');
  return undefined;
}
