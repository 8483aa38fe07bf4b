import { opensThread } from '../../text/openings.js';
import type { Line } from './talk.js';

/** A stretch of the talk about one thing. */
export interface Topic {
  firstSentence: number;
  lastSentence: number;
}

type TopicLine = Pick<Line, 'text' | 'language' | 'content' | 'startUs' | 'endUs' | 'pauseBeforeUs'>;

/** A topic is expected to last at least about this long; one shorter by `spread` is a standard deviation off. Long ones cost nothing. */
const expectedUs = 100_000_000;
const spread = 3;
/** Cost of a border in units of log(number of words), and weight of the length prior; chosen on three recorded meetings. */
const borderWeight = 3.25;
const lengthWeight = 1;
/** What a new thread announced in words ("The third habit …"), and each second of silence up to 2 s, take off that cost, in nats. */
const threadNats = 6;
const pauseNats = 3;

/**
 * Divides a talk into topics: the segmentation of least cost, found exactly by dynamic programming. A segment costs the
 * negative log probability of its content words under its own Laplace-smoothed unigram model, after M. Utiyama and
 * H. Isahara, "A Statistical Model for Domain-Independent Text Segmentation", ACL 2001. Their prior of one log(n) a segment
 * breaks speech into far too many pieces: here a border costs several, short topics cost extra, and
 * silence or an announcement before a line makes a border there cheaper.
 *
 * @returns at least one topic unless there are no lines; together they cover all lines in order
 */
export function findTopics(lines: readonly TopicLine[]): Topic[] {
  if (lines.length === 0) return [];
  const ids = new Map<string, number>();
  const tokens = lines.map((line) => line.content.map((word) => idOf(ids, word)));
  const vocabulary = Math.max(1, ids.size);
  const total = tokens.reduce((sum, line) => sum + line.length, 0);
  const logTotal = Math.log(Math.max(2, total));

  const cost = new Float64Array(lines.length + 1).fill(Number.POSITIVE_INFINITY);
  const from = new Int32Array(lines.length + 1);
  cost[0] = 0;
  const counts = new Int32Array(vocabulary);
  for (let first = 0; first < lines.length; first += 1) {
    counts.fill(0);
    let length = 0;
    // Σ log(count!) grows word by word, so extending a segment by a line costs only that line's words.
    let logCounts = 0;
    let logDenominator = 0;
    const startUs = lines[first]!.startUs;
    const border = first === 0 ? 0 : borderWeight * logTotal - relief(lines[first]!);
    for (let last = first; last < lines.length; last += 1) {
      for (const id of tokens[last]!) {
        counts[id]! += 1;
        length += 1;
        logCounts += Math.log(counts[id]!);
        logDenominator += Math.log(vocabulary + length - 1);
      }
      const lastsUs = lines[last]!.endUs - startUs;
      const words = logDenominator - logCounts;
      const sum = cost[first]! + words + border + lengthWeight * lengthPenalty(lastsUs);
      if (sum < cost[last + 1]!) {
        cost[last + 1] = sum;
        from[last + 1] = first;
      }
    }
  }
  const topics: Topic[] = [];
  for (let end = lines.length; end > 0; end = from[end]!) topics.push({ firstSentence: from[end]!, lastSentence: end - 1 });
  return topics.toReversed();
}

function relief(line: TopicLine): number {
  const pause = pauseNats * Math.min(2, Math.max(0, line.pauseBeforeUs - 500_000) / 1_000_000);
  return pause + (opensThread(line.text, line.language) ? threadNats : 0);
}

/** The lower half of a log-normal prior on the length: negative log density, up to a constant. */
function lengthPenalty(lastsUs: number): number {
  const deviation = Math.min(0, Math.log(Math.max(1, lastsUs) / expectedUs) / Math.log(spread));
  return (deviation * deviation) / 2;
}

function idOf(ids: Map<string, number>, word: string): number {
  const known = ids.get(word);
  if (known !== undefined) return known;
  ids.set(word, ids.size);
  return ids.size - 1;
}
