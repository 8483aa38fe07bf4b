import { extname } from 'node:path';
import { writeFileAtomically } from '../artifacts/atomic-file.js';
import type { Candidates, Selection } from '../artifacts/schemas/selection.js';
import type { Transcript } from '../artifacts/schemas/speech.js';
import { writeSrt, writeVtt } from '../captions/write-cues.js';
import type { JobOutcome } from '../pipeline/plan.js';
import { readArtifact } from '../pipeline/run-task.js';
import type { StageId } from '../pipeline/stage.js';
import type { App } from './app.js';

/** Writes what one stage made to `out` (JSON; for a transcript also .srt, .vtt and .txt), and tells a person about it. */
export async function writeStageResult(app: App, stage: Exclude<StageId, 'publish' | 'render'>, outcome: JobOutcome, to: { out: string | undefined; tell(text: string): void }): Promise<void> {
  const transcript = outcome.transcript && (await readArtifact(app.store, outcome.transcript));
  const candidates = outcome.candidates && (await readArtifact(app.store, outcome.candidates));
  const coarse = outcome.coarse && (await readArtifact(app.store, outcome.coarse));
  const made = { ingest: outcome.source, transcribe: transcript && wordList(transcript), analyze: coarse, segment: candidates && { ...candidates, selection: outcome.selection } }[stage];
  if (to.out !== undefined) await writeFileAtomically(to.out, serialise(to.out, made, stage === 'transcribe' ? transcript : undefined));
  else to.tell(describe(stage, outcome, transcript, candidates));
}

/** The word list form of docs/captions.md, in seconds: what `--transcript` and a sidecar take. */
function wordList({ language, words, sentences }: Transcript): unknown {
  return { language, words: words.map((word) => ({ ...timed(word), confidence: word.confidence })), sentences: sentences.map(timed) };
}

function timed({ text, startUs, endUs }: { text: string; startUs: number; endUs: number }): { text: string; start: number; end: number } {
  return { text, start: startUs / 1e6, end: endUs / 1e6 };
}

function serialise(path: string, made: unknown, transcript: Transcript | undefined): string {
  const cues = transcript?.sentences.map(({ startUs, endUs, text }) => ({ startUs, endUs, text })) ?? [];
  const extension = extname(path).toLowerCase();
  if (transcript && extension === '.srt') return writeSrt(cues);
  if (transcript && extension === '.vtt') return writeVtt(cues);
  if (transcript && extension === '.txt') return `${transcript.sentences.map((sentence) => sentence.text).join('\n')}\n`;
  return `${JSON.stringify(made, null, 1)}\n`;
}

function describe(stage: StageId, outcome: JobOutcome, transcript: Transcript | undefined, candidates: Candidates | undefined): string {
  const { video, audio, durationUs } = outcome.source;
  const seen = video ? `${video.codec} ${video.displayWidth}×${video.displayHeight} at ${(video.fps.num / video.fps.den).toFixed(3)} fps` : 'no picture';
  const heard = audio ? `${audio.codec} ${audio.channels} ch` : 'no sound';
  switch (stage) {
    case 'ingest':
      return `${outcome.source.container}, ${seconds(durationUs)} s, ${seen}, ${heard}\n`;
    case 'transcribe':
      return `${(transcript?.sentences ?? []).map((sentence) => `${seconds(sentence.startUs).padStart(8)}  ${sentence.text}`).join('\n')}\n`;
    case 'segment':
      return explain(outcome.selection, candidates);
    default:
      return '';
  }
}

function explain(selection: Selection | undefined, candidates: Candidates | undefined): string {
  const chosen = (selection?.moments ?? []).map(({ index, ranges, score, title, reason }) => `${String(index).padStart(2, '0')}  ${span(ranges)}  ${score.toFixed(1).padStart(5)}  ${title}\n    ${reason}`);
  const rejected = (candidates?.candidates ?? []).filter(({ state }) => state === 'rejected').map(({ ranges, score, reason }) => `    ${span(ranges)}  ${score.toFixed(1).padStart(5)}  ${reason}`);
  return `${[...chosen, `not chosen (${rejected.length}):`, ...rejected].join('\n')}\n`;
}

function span(ranges: readonly { startUs: number; endUs: number }[]): string {
  return ranges.map(({ startUs, endUs }) => `${seconds(startUs)}-${seconds(endUs)}`).join('+');
}

function seconds(us: number): string {
  return (us / 1_000_000).toFixed(2);
}
