import type { FaceTrack } from '../../../artifacts/schemas/analysis.js';
import type { Range } from '../../../artifacts/schemas/common.js';

/** Whom the camera shows for a while; nobody: the whole picture. Times on the source timeline. */
export interface Scene extends Range {
  subject: FaceTrack | undefined;
}

/** A change of subject, or a scene of its own for one, lasts at least this long. */
const holdUs = 1_000_000;
/** A subject out of sight for less than this is waited for; longer, the whole picture is shown. */
const waitUs = 3_000_000;
/** A sample vouches for the face this long before and after. */
const vouchUs = 500_000;

/**
 * Divides a stretch of one shot by whom to show. The track seen most (time × size) is followed and kept; only where it is
 * out of sight for a second or more may another take its place, and only for a second or more.
 *
 * @param tracks of this shot; samples outside the stretch do not count
 */
export function castScenes(stretch: Range, tracks: readonly FaceTrack[]): Scene[] {
  const lead = mostSeen(stretch, tracks);
  if (!lead) return [{ ...stretch, subject: undefined }];
  const scenes: Scene[] = [];
  let from = stretch.startUs;
  const others = tracks.filter((track) => track !== lead);
  for (const gap of absences(lead, stretch)) {
    const length = gap.endUs - gap.startUs;
    if (length < holdUs) continue;
    const substitutes = others.filter((track) => seenUs(track, gap) >= holdUs);
    if (substitutes.length === 0 && length < waitUs) continue;
    if (gap.startUs > from) scenes.push({ startUs: from, endUs: gap.startUs, subject: lead });
    scenes.push(...castScenes(gap, substitutes));
    from = gap.endUs;
  }
  if (from < stretch.endUs) scenes.push({ startUs: from, endUs: stretch.endUs, subject: lead });
  return scenes;
}

/** Samples of a track within a range, its ends included. */
export function samplesWithin(track: FaceTrack, { startUs, endUs }: Range): FaceTrack['samples'] {
  return track.samples.filter(({ atUs }) => atUs >= startUs && atUs <= endUs);
}

/** Samples that say something about a range: a short one may hold none itself. */
function vouching(track: FaceTrack, { startUs, endUs }: Range): FaceTrack['samples'] {
  return samplesWithin(track, { startUs: startUs - vouchUs, endUs: endUs + vouchUs });
}

function mostSeen(stretch: Range, tracks: readonly FaceTrack[]): FaceTrack | undefined {
  let best: FaceTrack | undefined;
  let bestWeight = 0;
  for (const track of tracks) {
    const heights = vouching(track, stretch).map(({ box }) => box.height);
    const weight = seenUs(track, stretch) * median(heights);
    if (weight > bestWeight) {
      best = track;
      bestWeight = weight;
    }
  }
  return best;
}

/** Where in the stretch no sample of the track vouches for it. */
function absences(track: FaceTrack, stretch: Range): Range[] {
  const gaps: Range[] = [];
  let seenTo = stretch.startUs;
  for (const { atUs } of vouching(track, stretch)) {
    if (atUs - vouchUs > seenTo) gaps.push({ startUs: seenTo, endUs: atUs - vouchUs });
    seenTo = Math.max(seenTo, Math.min(atUs + vouchUs, stretch.endUs));
  }
  if (seenTo < stretch.endUs) gaps.push({ startUs: seenTo, endUs: stretch.endUs });
  return gaps;
}

function seenUs(track: FaceTrack, stretch: Range): number {
  const absent = absences(track, stretch).reduce((sum, { startUs, endUs }) => sum + endUs - startUs, 0);
  return stretch.endUs - stretch.startUs - absent;
}

/** The upper middle value; 0 of nothing. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
