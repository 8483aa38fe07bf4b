import { clock, count, span } from './format.js';
import { aligned, terminalText } from './terminal-text.js';

export type ReviewDecision = 'approved' | 'rejected';

/** A person's words for a clip. */
export interface ReviewText {
  title: string;
  description: string;
  hashtags: readonly string[];
}

/** One moment as a person looks at it before it is published. Times in microseconds on the source. */
export interface ReviewClip extends ReviewText {
  /** What stays the same while the moment does; names it on the command line as well. */
  lineage: string;
  index: number;
  /** 0…100. */
  score: number;
  /** Why it was chosen, in a sentence. */
  why: string;
  startUs: number;
  endUs: number;
  firstWord: string;
  lastWord: string;
  /** Words that were heard with little certainty. */
  doubtfulWords: readonly string[];
  notices: readonly { code: string; message: string; remedy: string; severity: string }[];
  films: readonly ReviewFilm[];
  /** Where it is already, or is on its way to. */
  posts: readonly { platform: string; accountName: string; state: string; url: string | null }[];
  /** Undefined: nobody has decided, or not about every film as it is now. */
  decision: ReviewDecision | undefined;
}

export interface ReviewFilm {
  format: string;
  path: string;
  durationUs: number;
  /** Null: silent, or not measured. */
  integratedLufs: number | null;
  truePeakDbtp: number | null;
}

const marks = { approved: '✓', rejected: '✗', waiting: '·' } as const;

export function decisionMark(decision: ReviewClip['decision']): string {
  return marks[decision ?? 'waiting'];
}

/** "2 approved, 1 rejected, 3 waiting" */
export function decisionsText(clips: readonly Pick<ReviewClip, 'decision'>[]): string {
  const number = (of: ReviewClip['decision']): number => clips.filter(({ decision }) => decision === of).length;
  return `${number('approved')} approved, ${number('rejected')} rejected, ${number(undefined)} waiting`;
}

/** What there is to know about a clip beside its title: a name and a text a line. */
export function receiptRows(clip: ReviewClip): [name: string, text: string][] {
  const rows: [string, string][] = [
    ['score', `${clip.score.toFixed(1)} · ${clip.why}`],
    ['moment', `${clock(clip.startUs)} to ${clock(clip.endUs)}${clip.firstWord === '' ? '' : ` · begins “${clip.firstWord}”, ends “${clip.lastWord}”`}`],
    ['sound', clip.films.map(soundOf).filter((text, index, all) => all.indexOf(text) === index).join('; ')],
  ];
  if (clip.doubtfulWords.length > 0) rows.push(['doubtful', `${count(clip.doubtfulWords.length, 'word')}: ${clip.doubtfulWords.join(', ')}`]);
  for (const notice of clip.notices) rows.push([notice.severity === 'degraded' ? 'warning' : 'note', `${notice.code}: ${notice.message}`]);
  for (const { platform, accountName, state, url } of clip.posts) rows.push(['posted', `${state} on ${platform}, ${accountName}${url === null ? '' : ` · ${url}`}`]);
  rows.push(['text', clip.description === '' ? '–' : clip.description], ['hashtags', clip.hashtags.length === 0 ? '–' : clip.hashtags.join(' ')]);
  rows.push(['files', clip.films.map(({ format, durationUs, path }) => `${format} ${span(durationUs / 1000)} ${path}`).join('; ')]);
  return rows.map(([name, text]) => [name, terminalText(text)]);
}

function soundOf({ integratedLufs, truePeakDbtp }: ReviewFilm): string {
  if (integratedLufs === null) return 'silent';
  return `${decibels(integratedLufs)} LUFS${truePeakDbtp === null ? '' : `, true peak ${decibels(truePeakDbtp)} dBTP`}`;
}

function decibels(value: number): string {
  return `${value < 0 ? '−' : ''}${Math.abs(value).toFixed(1)}`;
}

/** The list for logs and pipes: a line for each clip with what there is to know below it. */
export function reviewLines(clips: readonly ReviewClip[]): string[] {
  return clips.flatMap((clip) => [
    `${decisionMark(clip.decision)} ${String(clip.index).padStart(2)}  ${terminalText(clip.title)}  (${clip.decision ?? 'waiting'}, ${clip.lineage})`,
    ...aligned(receiptRows(clip).map(([name, text]) => [`     ${name}`, text])),
  ]);
}
