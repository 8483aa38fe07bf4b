import type { Coarse } from '../../artifacts/schemas/analysis.js';
import type { Range } from '../../artifacts/schemas/common.js';
import { clipRate, type Source } from '../../artifacts/schemas/source.js';
import type { Sentence, Speech, Transcript, Word } from '../../artifacts/schemas/speech.js';
import { countFillers } from '../../text/fillers.js';
import { danglingOpening } from '../../text/openings.js';
import { isQuestion } from '../../text/questions.js';
import { findRetakes, type Retake } from '../../text/retakes.js';
import { contentWords } from '../../text/words.js';
import { markAnswers } from './answers.js';
import { findTopics, type Topic } from './topics.js';

/** One sentence with all that choosing needs to know about it. */
export interface Line extends Sentence {
  index: number;
  language: string;
  /** Stems of the words that carry content. */
  content: readonly string[];
  question: boolean;
  /** The question this line is part of the answer to, or null. */
  answers: number | null;
  opening: ReturnType<typeof danglingOpening>;
  /** Begins or ends inside a sentence as written: an over-long sentence was divided at a pause. */
  fragment: { start: boolean; end: boolean };
  retake: Retake | null;
  fillers: number;
  /** Mean over its words, 0…1. */
  confidence: number;
  /** Silence by word times; before the first and after the last line up to the ends of the source. */
  pauseBeforeUs: number;
  pauseAfterUs: number;
  topic: number;
}

/** A source as text on its timeline: what clips are chosen from. */
export interface Talk {
  sourceSha256: string;
  durationUs: number;
  /** One output frame. */
  frameUs: number;
  language: string;
  origin: Transcript['origin'];
  words: readonly Word[];
  lines: readonly Line[];
  topics: readonly Topic[];
  retakes: readonly Retake[];
  speech: Pick<Speech, 'islands' | 'levels'>;
  loudness: Coarse['loudness'];
  /** Typical silence between two sentences. */
  medianPauseUs: number;
}

export interface TalkInputs {
  source: Pick<Source, 'sha256' | 'durationUs'> & { video: Pick<NonNullable<Source['video']>, 'fps'> | null };
  transcript: Transcript;
  speech: Speech;
  coarse: Pick<Coarse, 'loudness'>;
}

/** Derives everything about the sentences once; pure. */
export function readTalk({ source, transcript, speech, coarse }: TalkInputs): Talk {
  const { words, sentences } = transcript;
  const retakes = findRetakes(sentences, transcript.language);
  const marked = marksMostEnds(sentences);
  const plain = sentences.map((sentence, index): Omit<Line, 'answers' | 'topic'> => {
    const language = languageAt(transcript.spans, sentence.startUs) ?? transcript.language;
    const own = words.slice(sentence.firstWord, sentence.lastWord + 1);
    const previousEndUs = index === 0 ? 0 : sentences[index - 1]!.endUs;
    const nextStartUs = sentences[index + 1]?.startUs ?? source.durationUs;
    return {
      ...sentence,
      index,
      language,
      content: contentWords(sentence.text, language),
      question: isQuestion(sentence.text, language),
      opening: danglingOpening(sentence.text, language),
fragment: { start: marked && midSentence(sentences, index), end: marked && midSentence(sentences, index + 1) },
      retake: retakes.find((retake) => index >= retake.firstSentence && index <= retake.lastSentence) ?? null,
      fillers: countFillers(sentence.text, language),
      confidence: own.reduce((sum, word) => sum + word.confidence, 0) / Math.max(1, own.length),
      pauseBeforeUs: Math.max(0, sentence.startUs - previousEndUs),
      pauseAfterUs: Math.max(0, nextStartUs - sentence.endUs),
    };
  });
  const topics = findTopics(plain);
  const topicOf = (index: number): number => topics.findIndex((topic) => index >= topic.firstSentence && index <= topic.lastSentence);
  const answers = markAnswers(plain, topicOf);
  const lines = plain.map((line, index) => ({ ...line, answers: answers[index]!, topic: topicOf(index) }));
  const { num, den } = clipRate(source);
  return {
    sourceSha256: source.sha256,
    durationUs: source.durationUs,
    frameUs: Math.ceil((1_000_000 * den) / num),
    language: transcript.language,
    origin: transcript.origin,
    words,
    lines,
    topics,
    retakes,
    speech,
    loudness: coarse.loudness,
    medianPauseUs: median(lines.slice(1).map((line) => line.pauseBeforeUs)),
  };
}

const endMark = /[\p{Sentence_Terminal}…‥"'”’»」』)]$/u;

/** Whether sentence `index` goes on with the one before it: no mark there, and a small letter here. */
function midSentence(sentences: readonly Sentence[], index: number): boolean {
  const before = sentences[index - 1];
  const here = sentences[index];
  return before !== undefined && here !== undefined && !endMark.test(before.text) && /^\P{L}*\p{Ll}/u.test(here.text);
}

/** Whether this text has marks at all, so that a missing one means something. */
function marksMostEnds(sentences: readonly Sentence[]): boolean {
  return sentences.filter((sentence) => endMark.test(sentence.text)).length > sentences.length / 2;
}

function languageAt(spans: readonly (Range & { language: string })[], atUs: number): string | undefined {
  return spans.find((span) => atUs >= span.startUs && atUs < span.endUs)?.language;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
