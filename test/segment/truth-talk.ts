import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Sentence, Speech, Transcript, Word } from '../../src/artifacts/schemas/speech.js';
import type { TalkInputs } from '../../src/pipeline/segment/talk.js';
import { buildSentences } from '../../src/text/sentences.js';

interface TruthWord {
  text: string;
  startUs: number;
  endUs: number;
}

interface Utterance {
  id: string;
  speaker: string;
  text: string;
  startUs: number;
  endUs: number;
  /** Forced alignment; null where there is none. */
  words: TruthWord[] | null;
}

interface RawUtterance {
  id?: string;
  speaker: string;
  text: string;
  start: number;
  end: number;
  onset?: number;
  offset?: number;
  words: { w: string; s?: number; e?: number; start?: number; end?: number }[] | null;
}

export interface Truth {
  durationUs: number;
  fps: number;
  utterances: Utterance[];
}

const us = (seconds: number): number => Math.round(seconds * 1_000_000);

export function readTruth(path: string): Truth {
  const raw = JSON.parse(readFileSync(path, 'utf8')) as { duration: number; fps: number; utterances: RawUtterance[] };
  return {
    durationUs: us(raw.duration),
    fps: raw.fps,
    utterances: raw.utterances.map((one, index) => ({
      id: one.id ?? `u${index}`,
      speaker: one.speaker,
      text: one.text,
      startUs: us(one.onset ?? one.start),
      endUs: us(one.offset ?? one.end),
      words: one.words?.map((word) => ({ text: word.w, startUs: us(word.s ?? word.start ?? 0), endUs: us(word.e ?? word.end ?? 0) })) ?? null,
    })),
  };
}

/** A transcript as a perfect recogniser would give it: truth times, punctuation from the text. */
export function transcriptOf(truth: Truth, language: string): Transcript {
  const words = truth.utterances.flatMap((utterance) => wordsIn(utterance, language));
  return { schemaVersion: 1, language, spans: [{ startUs: 0, endUs: truth.durationUs, language }], origin: 'recognised', words, sentences: buildSentences(words, language) };
}

function wordsIn(utterance: Utterance, language: string): Word[] {
  const spaces = language !== 'ja';
  const texts = spaces ? utterance.text.split(/\s+/u).filter(Boolean) : japaneseTokens(utterance.text);
  const times = (utterance.words && aligned(texts, utterance.words)) ?? spread(texts, utterance);
  return texts.map((text, index) => ({ text, spaceBefore: spaces, startUs: times[index]!.startUs, endUs: Math.max(times[index]!.startUs + 10_000, Math.min(times[index]!.endUs, times[index + 1]?.startUs ?? Infinity)), confidence: 0.9 }));
}

/** The aligner hears the parts of a hyphenated word as words of their own. */
function aligned(texts: readonly string[], words: readonly TruthWord[]): { startUs: number; endUs: number }[] | null {
  let next = 0;
  const times = texts.map((text) => {
    const parts = text.split('-').length;
    const own = words.slice(next, next + parts);
    next += parts;
    return { startUs: own[0]?.startUs ?? 0, endUs: own.at(-1)?.endUs ?? 0 };
  });
  return next === words.length ? times : null;
}

/**
 * A transcript as our recogniser really gave it for a fixture, kept in heard/: misheard words, times that are off, lost marks.
 */
export function heardTranscript(name: string): Transcript {
  const raw = JSON.parse(readFileSync(new URL(`heard/${name}.json`, import.meta.url), 'utf8')) as { language: string; words: [string, boolean, number, number, number][] };
  const words = raw.words.map(([text, spaceBefore, startUs, endUs, confidence]): Word => ({ text, spaceBefore, startUs, endUs, confidence }));
  return { schemaVersion: 1, language: raw.language, spans: [], origin: 'recognised', words, sentences: buildSentences(words, raw.language) };
}

function japaneseTokens(text: string): string[] {
  const tokens: string[] = [];
  for (const { segment, isWordLike } of new Intl.Segmenter('ja', { granularity: 'word' }).segment(text)) {
    if (isWordLike || tokens.length === 0) tokens.push(segment);
    else tokens[tokens.length - 1] += segment.trim();
  }
  return tokens.filter((token) => token.trim() !== '');
}

/** Words without times, by length; a sentence ends in 0.35 s of silence. */
function spread(texts: readonly string[], { startUs, endUs }: Utterance): { startUs: number; endUs: number }[] {
  const pauses = texts.map((text, index): number => (index < texts.length - 1 && /[.?!。？！]$/u.test(text) ? 350_000 : 0));
  const letters = texts.reduce((sum, text) => sum + text.length, 0);
  const perLetterUs = (endUs - startUs - pauses.reduce((sum, pause) => sum + pause, 0)) / letters;
  let atUs = startUs;
  return texts.map((text, index) => {
    const word = { startUs: Math.round(atUs), endUs: Math.round(atUs + text.length * perLetterUs) };
    atUs += text.length * perLetterUs + pauses[index]!;
    return word;
  });
}

/** Levels as the speech stage measures them: 20 ms RMS of the 16 kHz mono mix. */
export function levelsOf(path: string): Speech['levels'] {
  const pcm = execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-i', path, '-vn', '-ac', '1', '-ar', '16000', '-f', 's16le', '-'], { maxBuffer: 1 << 28 });
  const samples = Int16Array.from({ length: Math.floor(pcm.length / 2) }, (_, index) => pcm.readInt16LE(2 * index));
  const dbfs: number[] = [];
  for (let from = 0; from + 320 <= samples.length; from += 320) {
    let power = 0;
    for (const sample of samples.subarray(from, from + 320)) power += (sample / 32768) ** 2;
    dbfs.push(Math.round(Math.max(-100, 10 * Math.log10(power / 320 + 1e-12))));
  }
  return { hopUs: 20_000, dbfs };
}

/** Levels of a source that is loud in its words and nowhere else. */
export function levelsFrom(words: readonly Pick<Word, 'startUs' | 'endUs'>[], durationUs: number): Speech['levels'] {
  const dbfs = Array.from({ length: Math.ceil(durationUs / 20_000) }, () => -80);
  for (const word of words) for (let hop = Math.floor(word.startUs / 20_000); hop < word.endUs / 20_000; hop += 1) if (hop < dbfs.length) dbfs[hop] = -20;
  return { hopUs: 20_000, dbfs };
}

export function talkInputs(known: { transcript: Transcript; durationUs: number; fps: number; levels: Speech['levels']; islands?: Speech['islands'] }): TalkInputs {
  const { transcript, durationUs, fps, levels } = known;
  const islands = known.islands ?? transcript.sentences.map(({ startUs, endUs }: Sentence) => ({ startUs, endUs }));
  return {
    source: { sha256: 'ab'.repeat(32), durationUs, video: { fps: { num: fps, den: 1 } } },
    transcript,
    speech: { schemaVersion: 1, durationUs, islands, chunks: islands, levels },
    coarse: { loudness: { integratedLufs: -18, hopUs: 100_000, momentaryLufs: Array.from({ length: Math.ceil(durationUs / 100_000) }, () => -18) } },
  };
}
