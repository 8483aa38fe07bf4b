import { SnvgError } from '../errors.js';
import type { Cue } from './cue.js';
import { plainSrtText } from './markup.js';
import { parseTimingLine } from './timestamp.js';

/**
 * Cues of a SubRip file in order of time. Forgiving about what editors do: BOM, any line end, missing or wrong numbers,
 * missing blank lines, blank lines inside a cue, `.` for `,`, styling tags. Cues without text are left out.
 *
 * @param name what to call the file in an error
 * @throws {SnvgError} CAPTIONS_INVALID when there is no cue, or a cue ends before it starts
 */
export function parseSrt(text: string, name = 'the SRT file'): Cue[] {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|[\r\n]/);
  const starts = lines.flatMap((line, index) => {
    const times = parseTimingLine(line);
    return times ? [{ index, ...times }] : [];
  });
  if (starts.length === 0) {
    throw new SnvgError('CAPTIONS_INVALID', `${name} holds no line such as "00:00:01,000 --> 00:00:02,000"`, 'Give a valid SubRip file, or remove it.');
  }
  const cues = starts.map(({ index, startUs, endUs }, n) => {
    const next = starts[n + 1]?.index ?? lines.length;
    const body = lines.slice(index + 1, next);
    if (next < lines.length && /^\s*\d+\s*$/.test(body.at(-1) ?? '')) body.pop();
    return { startUs, endUs, text: plainSrtText(body.join('\n')), line: index + 1 };
  });
  return checkedCues(cues, name);
}

/** More than five minutes of fast speech in one caption, and a caption for every second of a day: beyond that it is no caption file. */
const most = { characters: 5_000, cues: 100_000 };

/**
 * Drops cues without text or duration and sorts by start.
 *
 * @throws {SnvgError} CAPTIONS_INVALID naming the line of a cue that ends before it starts or is too long to be shown, or when there are too many
 */
export function checkedCues(cues: readonly (Cue & { line: number })[], name: string): Cue[] {
  if (cues.length > most.cues) throw new SnvgError('CAPTIONS_INVALID', `${name} holds ${cues.length} captions, more than ${most.cues}`, 'Give the captions of this source alone.');
  for (const cue of cues) {
    if (cue.text.length > most.characters) {
      throw new SnvgError('CAPTIONS_INVALID', `${name}, line ${cue.line}: a caption of ${cue.text.length} characters, more than ${most.characters}`, 'Divide it into captions of a sentence or two and run again.');
    }
    if (cue.endUs < cue.startUs) {
      throw new SnvgError('CAPTIONS_INVALID', `${name}, line ${cue.line}: the caption ends before it starts`, 'Correct the times on that line and run again.');
    }
  }
  return cues
    .filter((cue) => cue.text !== '' && cue.endUs > cue.startUs)
    .map(({ startUs, endUs, text }) => ({ startUs, endUs, text }))
    .toSorted((a, b) => a.startUs - b.startUs || a.endUs - b.endUs);
}
