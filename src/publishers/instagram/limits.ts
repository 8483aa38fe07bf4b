import type { DatedLimits } from '../publisher.js';

/** The Graph API version every request names. Meta keeps a version for at least two years; v25.0 is from 2026. */
export const graphVersion = 'v25.0';

/**
 * What Reels may be, from "IG User Media" (Reel specifications) of Meta's Instagram Platform documentation. It says "300MB" without saying
 * which megabyte: the smaller one is assumed.
 */
export const reelLimits = {
  checkedOn: '2026-11-24',
  minDurationUs: 3_000_000,
  maxDurationUs: 15 * 60_000_000,
  maxSizeBytes: 300_000_000,
  minFps: 23,
  maxFps: 60,
  formats: ['vertical', 'square', 'wide'],
} as const satisfies DatedLimits;

/** From the same page: at most 1920 columns, at most 25 Mbit/s of picture. */
export const maxWidth = 1920;
export const maxBitsPerSecond = 25_000_000;

/**
 * Text, from the parameter `caption` of the same page: 2,200 characters, 30 hashtags, 20 mentions. It does not say what a character is.
 * UTF-16 units are counted here, the most any reading would count short of bytes, so that what passes here passes there.
 */
export const captionLimits = { maxUnits: 2200, maxHashtags: 30, maxMentions: 20 };

/** Announced by Instagram's @creators account in December 2025 for posts and Reels; the API's own pages still say 30. */
export const hashtagsThatCount = 5;

/** From "Collaborators": at most three are invited. */
export const maxCollaborators = 3;
