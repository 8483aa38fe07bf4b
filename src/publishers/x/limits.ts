import type { DatedLimits, Quota } from '../publisher.js';

/** Numbers of segments that an upload may have: `segment_index` is 0…999 (X API specification 2.167). */
const maxSegments = 1000;
/** A segment is at most 5 MB; read as decimal megabytes, the smaller of the two meanings. */
const maxSegmentBytes = 5_000_000;
const usualSegmentBytes = 4 * 1024 * 1024;

/**
 * What X takes. The account's own cap is 8 GB (16 GB with Premium), but no upload can have more than 1000 segments of 5 MB: 5 GB
 * is what can be sent. `maxDurationUs` is Premium's; `check` knows the account's.
 */
export const limits: DatedLimits = {
  checkedOn: '2026-11-24',
  minDurationUs: 500_000,
  maxDurationUs: 125 * 60_000_000,
  maxSizeBytes: maxSegments * maxSegmentBytes,
  maxFps: 60,
  formats: ['vertical', 'square', 'wide'],
};

/** 20 minutes without Premium. */
export const usualMaxDurationUs = 20 * 60_000_000;

/**
 * X's limits for accounts (help pages, May 2026): 2400 posts a day, and 50 for accounts without a verified mark, which X itself refuses
 * beyond that. When its day begins is not documented. Requests: 100 posts in 15 minutes for each user, 10,000 in 24 hours for each app;
 * those are told by X's answers.
 */
export const quotas: readonly Quota[] = [{ id: 'posts', perDay: 2400, timeZone: 'UTC', perPost: 1 }];

/** Bytes of every segment but the last: 4 MiB, or more where 1000 of them would not do. */
export function segmentBytesFor(sizeBytes: number): number {
  return Math.max(usualSegmentBytes, Math.ceil(sizeBytes / maxSegments));
}
