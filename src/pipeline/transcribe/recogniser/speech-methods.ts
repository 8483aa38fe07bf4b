import type { Range } from '../../../artifacts/schemas/common.js';
import type { Word } from '../../../artifacts/schemas/speech.js';

interface Audio {
  modelsDir: string;
  /** 16 kHz mono s16le, no header. */
  pcmPath: string;
}

/** What the speech worker answers. All times are µs from the start of the PCM file. */
export type SpeechMethods = {
  /** Where somebody speaks, and the loudness of every 20 ms. */
  findSpeech: { params: Audio; result: { durationUs: number; islands: Range[]; levels: { hopUs: number; dbfs: number[] } } };
  /** Probability of each language, per chunk, likeliest first. */
  identifyLanguage: { params: Audio & { model: string; chunks: Range[] }; result: { language: string; probability: number }[][] };
  /** The words of one chunk. `islands`: where in it somebody speaks. */
  recognise: { params: Audio & { model: string; chunk: Range; language: string; islands: Range[] }; result: { words: Word[] } };
};

/** A language's share of probability in every chunk that was listened to. */
export type LanguageGuess = SpeechMethods['identifyLanguage']['result'][number];
