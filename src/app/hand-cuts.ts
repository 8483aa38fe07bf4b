import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Range } from '../artifacts/schemas/common.js';
import type { Moment } from '../artifacts/schemas/selection.js';
import type { Source } from '../artifacts/schemas/source.js';
import { SnvgError } from '../errors.js';

/** One clip: its ranges of the source in playing order, as they were given. */
export type HandCut = readonly Range[];

const time = String.raw`(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d+)?)`;
const rangeForm = new RegExp(`^${time}-${time}$`);
const howTo = 'Write it like 12:30-13:05 or 750.5-785, and several ranges of one clip like 10-12.5+15-18.';

/** More than any person or script joins into a clip; a list that is longer is not a list of cuts. */
const limits = { ranges: 2_000, listBytes: 1_000_000 } as const;

/**
 * The cuts of all `--cut` values: `in-out`, ranges joined with `+`, or `@<file>` with one cut a line.
 *
 * @param dir where a relative list file is looked for
 * @throws {SnvgError} USAGE
 */
export async function readCuts(values: readonly string[], dir: string): Promise<HandCut[]> {
  const cuts = await Promise.all(values.map(async (value) => (value.startsWith('@') ? readList(value.slice(1), dir) : [parseCut(value)])));
  return cuts.flat();
}

async function readList(name: string, dir: string): Promise<HandCut[]> {
  const cuts = cutLines(await listText(name, dir)).map(({ line, text }) => {
    try {
      return parseCut(text);
    } catch (error) {
      throw error instanceof SnvgError ? new SnvgError(error.code, `${name}, line ${line}: ${error.message}`, error.remedy, { cause: error }) : error;
    }
  });
  if (cuts.length === 0) throw new SnvgError('USAGE', `${name} holds no cuts`, 'Write one cut a line, such as 12:30-13:05.');
  return cuts;
}

async function listText(name: string, dir: string): Promise<string> {
  try {
    const text = await readFile(resolve(dir, name), 'utf8');
    if (text.length > limits.listBytes) throw new SnvgError('USAGE', `${name} is too long for a list of cuts`, 'Write one cut a line, such as 12:30-13:05.');
    return text;
  } catch (error) {
    if (error instanceof SnvgError) throw error;
    throw new SnvgError('USAGE', `The list of cuts ${name} cannot be read`, 'Give the path of a text file with one cut a line: --cut @cuts.txt', { cause: error });
  }
}

/** One cut a line; `#` begins a remark, and a line that begins with `+` goes on with the cut above. */
function cutLines(text: string): { line: number; text: string }[] {
  const cuts: { line: number; text: string }[] = [];
  for (const [index, line] of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/).entries()) {
    const content = line.replace(/#.*$/, '').trim();
    const last = cuts.at(-1);
    if (content.startsWith('+') && last) last.text += content;
    else if (content !== '') cuts.push({ line: index + 1, text: content });
  }
  return cuts;
}

/**
 * Reads `12:30-13:05`, `1:02:03.5-1:02:40` or `750.5-785` (seconds), and several of them joined with `+`, in playing order.
 * @throws {SnvgError} USAGE
 */
export function parseCut(text: string): HandCut {
  const ranges = text.split('+').map((part) => parseRange(part.trim()));
  if (ranges.length > limits.ranges) throw new SnvgError('USAGE', `A cut of ${ranges.length} ranges is more than the ${limits.ranges} that are joined`, 'Divide it into several cuts.');
  for (const [index, range] of ranges.entries()) {
    const before = ranges[index - 1];
    // Going back in the source is a way to begin with the best; beginning inside what is being shown is a slip.
    if (before && range.startUs >= before.startUs && range.startUs < before.endUs) {
      throw new SnvgError(
        'USAGE',
        `${shownRange(range)} begins inside the range before it, ${shownRange(before)}: ${shown(range.startUs)} to ${shown(Math.min(range.endUs, before.endUs))} s would be shown twice in a row`,
        'Let it begin where the one before it ends, or give it a --cut of its own.',
      );
    }
  }
  return ranges;
}

function parseRange(text: string): Range {
  const match = rangeForm.exec(text);
  const range = match && { startUs: toUs(match.slice(1, 4)), endUs: toUs(match.slice(4, 7)) };
  if (!range || range.endUs <= range.startUs) {
    throw new SnvgError('USAGE', `${JSON.stringify(text.slice(0, 100))} is not a cut: an in and an out point, the in point first`, howTo);
  }
  return range;
}

function toUs([hours, minutes, seconds]: (string | undefined)[]): number {
  return Math.round((Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds)) * 1_000_000);
}

/**
 * The moments of cuts given by hand, exactly as they were given.
 * @throws {SnvgError} USAGE when a cut lies outside the source
 */
export function handMoments(cuts: readonly HandCut[], source: Source): Moment[] {
  return cuts.map((ranges, index) => {
    const beyond = ranges.find(({ endUs }) => endUs > source.durationUs);
    if (beyond) {
      throw new SnvgError('USAGE', `The cut ${shownRange(beyond)} ends after the source, which is ${shown(source.durationUs)} s long`, 'Give an earlier out point.');
    }
    const id = createHash('sha256').update([source.sha256, ...ranges.flatMap(({ startUs, endUs }) => [startUs, endUs])].join(' ')).digest('hex').slice(0, 16);
    return {
      index: index + 1,
      rank: index + 1,
      candidateId: `hand-${id.slice(0, 8)}`,
      lineage: id,
      ranges: [...ranges],
      title: titleOf(ranges),
      description: '',
      hashtags: [],
      score: 0,
      scoreParts: {},
      reason: ranges.length === 1 ? 'Cut by hand.' : `Cut by hand, ${ranges.length} ranges joined.`,
      notices: [],
      edges: { pauseBeforeUs: 0, pauseAfterUs: 0, firstWord: '', lastWord: '' },
    };
  });
}

/** Names the clip and its files: all ranges of a few, else how many between which times. */
function titleOf(ranges: HandCut): string {
  if (ranges.length <= 3) return ranges.map(shownRange).join('+');
  const startUs = Math.min(...ranges.map((range) => range.startUs));
  const endUs = Math.max(...ranges.map((range) => range.endUs));
  return `${ranges.length} ranges of ${shownRange({ startUs, endUs })}`;
}

function shownRange({ startUs, endUs }: Range): string {
  return `${shown(startUs)}-${shown(endUs)}`;
}

function shown(us: number): string {
  return String(Math.round(us / 10_000) / 100);
}
