import type { Range } from '../../../artifacts/schemas/common.js';
import type { Word } from '../../../artifacts/schemas/speech.js';
import { verifyModel } from '../../../inference/model-files.js';
import { tokenStartsUs } from './align.js';
import { believableWords } from './believable.js';
import { decode, languagesOf, open } from './decode.js';
import { HeardCache, type HeardChunk } from './heard-cache.js';
import { envelopeOf } from './pauses.js';
import { readSamples, sampleRate } from './pcm.js';
import { piecesToWords } from './piece-words.js';
import { settleWords } from './settle-words.js';
import type { LanguageGuess } from './speech-methods.js';
import { tokenPieces } from './token-pieces.js';
import { tokenLimit } from './token-limit.js';
import { lengthUs, longestUnheardUs, unheardLimitUs, unheardUs } from './unheard.js';
import { framesPerSecond, WhisperModel } from './whisper-model.js';

/** What is particular to one set of weights. */
interface ModelTraits {
  prefix: string;
  /** Added to word times: the attention of base comes early (40 to 60 ms on three talks with known times). */
  wordOffsetUs: number;
}

const traitsOf: Readonly<Record<string, ModelTraits>> = {
  'whisper-base': { prefix: 'base-', wordOffsetUs: 50_000 },
};

/** Chunks kept between finding the language and recognising: as many as `transcribe.language` listens to. */
const keptChunks = 3;

/** One loaded Whisper model that recognises chunks of a PCM file. */
export class Recogniser {
  private readonly cache = new HeardCache(keptChunks);

  private constructor(
    private readonly model: WhisperModel,
    private readonly traits: ModelTraits,
  ) {}

  /** @throws {SnvgError} MODEL_MISSING, MODEL_CORRUPT */
  static async load(modelsDir: string, id: string, threads: number): Promise<Recogniser> {
    const known = traitsOf[id];
    if (!known) throw new Error(`no recogniser for model ${id}`);
    return new Recogniser(await WhisperModel.load(await verifyModel(modelsDir, id), known.prefix, threads), known);
  }

  /** Languages of one chunk, likeliest first; what was heard is kept for `recognise`. */
  async identifyLanguage(pcmPath: string, chunk: Range): Promise<LanguageGuess> {
    const heard = await this.hear(await readSamples(pcmPath, chunk));
    this.cache.put(keyOf(pcmPath, chunk), heard);
    return languagesOf(this.model, heard.opening).toSorted((a, b) => b.probability - a.probability);
  }

  /** The words of one chunk, times from the start of the file. The same input gives the same words. */
  async recognise(pcmPath: string, chunk: Range, options: { language: string; islands: readonly Range[]; signal: AbortSignal }): Promise<Word[]> {
    const samples = await readSamples(pcmPath, chunk);
    const { heard, opening } = this.cache.take(keyOf(pcmPath, chunk)) ?? (await this.hear(samples));
    const seconds = samples.length / sampleRate;
    const frames = Math.max(1, Math.ceil(seconds * framesPerSecond));
    const envelope = envelopeOf(samples);
    const { language, signal } = options;
    const islands = options.islands.map((island) => ({ startUs: island.startUs - chunk.startUs, endUs: island.endUs - chunk.startUs }));
    const wordsBy = async (timestamps: boolean): Promise<Word[]> => {
      const decoded = await decode(this.model, heard, opening, { language, timestamps, frames, maxTokens: tokenLimit(seconds, language), signal });
      if (!decoded || decoded.tokens.length === 0) return [];
      const pieces = tokenPieces(this.model.tokenBytes, decoded.tokens, decoded.probabilities, tokenStartsUs(decoded.attention));
      const words = believableWords(piecesToWords(pieces, language), lengthUs(islands));
      return settleWords(words, envelope, this.traits.wordOffsetUs, chunk.endUs - chunk.startUs);
    };
    // Again with time stamps where a phrase was left out; kept when it accounts for more of the speech.
    let words = await wordsBy(false);
    if (longestUnheardUs(words, islands) >= unheardLimitUs) {
      const again = await wordsBy(true);
      if (unheardUs(again, islands) < unheardUs(words, islands)) words = again;
    }
    return words.map((word) => ({ ...word, startUs: word.startUs + chunk.startUs, endUs: word.endUs + chunk.startUs, confidence: Math.round(word.confidence * 1000) / 1000 }));
  }

  private async hear(samples: Float32Array): Promise<HeardChunk> {
    const heard = await this.model.hear(samples);
    return { heard, opening: await open(this.model, heard) };
  }
}

function keyOf(pcmPath: string, chunk: Range): string {
  return `${pcmPath}:${chunk.startUs}-${chunk.endUs}`;
}
