import { SnvgError } from '../errors.js';
import type { Cue } from './cue.js';
import { plainVttText } from './markup.js';
import { checkedCues } from './parse-srt.js';
import { parseTimingLine } from './timestamp.js';

/**
 * Cues of a WebVTT file in order of time, without tags; headers, NOTE, STYLE and REGION blocks are passed over.
 * Cues without text are left out.
 *
 * @param name what to call the file in an error
 * @throws {SnvgError} CAPTIONS_INVALID when the header or every cue is missing, or a cue ends before it starts
 */
export function parseVtt(text: string, name = 'the VTT file'): Cue[] {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|[\r\n]/);
  if (!/^WEBVTT(?:[ \t]|$)/.test(lines[0] ?? '')) {
    throw new SnvgError('CAPTIONS_INVALID', `${name} does not start with WEBVTT`, 'Give a valid WebVTT file, or remove it.');
  }
  const cues: (Cue & { line: number })[] = [];
  let seen = 0;
  let skipping = false;
  for (let index = 1; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (line.trim() === '') skipping = false;
    else if (/^(?:NOTE|STYLE|REGION)(?:[ \t]|$)/.test(line) && (lines[index - 1] ?? '').trim() === '') skipping = true;
    const times = skipping ? undefined : parseTimingLine(line);
    if (!times) continue;
    seen += 1;
    const body: string[] = [];
    // A cue ends at a blank line, or where the blank line before the next cue was forgotten.
    while (index + 1 < lines.length && (lines[index + 1] ?? '').trim() !== '' && !(lines[index + 1] ?? '').includes('-->')) {
      index += 1;
      body.push(lines[index] ?? '');
    }
    cues.push({ ...times, text: plainVttText(body.join('\n')), line: index - body.length + 1 });
  }
  if (seen === 0) {
    throw new SnvgError('CAPTIONS_INVALID', `${name} holds no line such as "00:01.000 --> 00:02.000"`, 'Give a valid WebVTT file, or remove it.');
  }
  return checkedCues(cues, name);
}
