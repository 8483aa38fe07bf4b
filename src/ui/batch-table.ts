import type { BatchSummary, InputOutcome } from '../app/batch-result.js';
import { reportError } from '../errors.js';
import { count, span } from './format.js';
import type { Line, Tone } from './lines.js';
import { aligned, clipped, terminalText } from './terminal-text.js';

/** How every input of a run ended. */
export interface BatchEnd {
  /** In the order the inputs were given. */
  outcomes: readonly InputOutcome[];
  summary: BatchSummary;
}

const said: Record<InputOutcome['state'], string> = { done: 'done', 'partly-done': 'partly done', failed: 'failed', cancelled: 'cancelled', 'not-started': 'not started' };
const tones: Record<InputOutcome['state'], Tone> = { done: 'good', 'partly-done': 'warn', failed: 'bad', cancelled: 'warn', 'not-started': 'dim' };
/** Below this many columns an error stands under its input: beside it there would be no room to read it. */
const wideColumns = 90;
const longestName = 40;

/**
 * A line for each input (name, state, clips, time, error) and one for all.
 * `columns`: no line is wider; absent, none is cut.
 */
export function batchTable({ outcomes, summary }: BatchEnd, columns = Infinity): Line[] {
  const wide = columns >= wideColumns;
  const nameWidth = columns === Infinity ? Infinity : Math.max(10, Math.min(longestName, columns - 40));
  // A run that ends before rendering makes no clips that could be counted.
  const clips = outcomes.some((outcome) => outcome.clips !== undefined);
  const cells = outcomes.map((outcome) => [
    clipped(terminalText(outcome.name), nameWidth),
    said[outcome.state],
    ...(clips ? [String(outcome.clips ?? '')] : []),
    outcome.state === 'not-started' ? '' : span(outcome.wallMs),
    ...(wide ? [errorText(outcome)] : []),
  ]);
  const [head = '', ...rows] = aligned([['input', 'state', ...(clips ? ['clips'] : []), 'time', ...(wide ? ['error'] : [])], ...cells]).map((row) => clipped(row.trimEnd(), columns));
  const lines: Line[] = [{ text: head, tone: 'dim' }];
  for (const [index, outcome] of outcomes.entries()) {
    const tone = outcome.state === 'done' && outcome.error ? 'warn' : tones[outcome.state];
    lines.push({ text: rows[index] ?? '', tone });
    const error = wide ? '' : errorText(outcome);
    if (error !== '') lines.push({ text: clipped(`  ${error}`, columns), tone });
  }
  lines.push({ text: clipped(totals(summary, clips), columns), tone: summary.done === summary.inputs ? 'good' : 'warn' });
  return lines;
}

function errorText({ error, state }: InputOutcome): string {
  if (!error || state === 'cancelled') return '';
  const { code, message } = reportError(error);
  return `${code}: ${terminalText(message)}`;
}

function totals(summary: BatchSummary, rendered: boolean): string {
  const { inputs, done, partlyDone, failed, cancelled, notStarted, clips, wallMs } = summary;
  const others = ([[partlyDone, 'partly done'], [failed, 'failed'], [cancelled, 'cancelled'], [notStarted, 'not started']] as const).flatMap(([n, state]) => (n === 0 ? [] : [`${n} ${state}`]));
  return `${[`${done} of ${count(inputs, 'input')} done`, ...others].join(', ')}${rendered ? `: ${count(clips, 'clip')}` : ''} (${span(wallMs)})`;
}
