import type { Cue } from './cue.js';
import { escapeSrtText, escapeVttText } from './markup.js';
import { formatTimestamp } from './timestamp.js';

/** A SubRip file: UTF-8 text, `\n` line ends, times rounded to milliseconds. */
export function writeSrt(cues: readonly Cue[]): string {
  return cues
    .map((cue, n) => `${n + 1}\n${formatTimestamp(cue.startUs, ',')} --> ${formatTimestamp(cue.endUs, ',')}\n${escapeSrtText(cue.text)}\n`)
    .join('\n');
}

/** A WebVTT file: UTF-8 text, `\n` line ends, times rounded to milliseconds. */
export function writeVtt(cues: readonly Cue[]): string {
  const blocks = cues.map((cue) => `${formatTimestamp(cue.startUs, '.')} --> ${formatTimestamp(cue.endUs, '.')}\n${escapeVttText(cue.text)}\n`);
  return ['WEBVTT\n', ...blocks].join('\n');
}
