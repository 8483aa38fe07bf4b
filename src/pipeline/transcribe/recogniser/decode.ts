import { deflateSync } from 'node:zlib';
import { pickToken, probabilitiesOf } from './pick-token.js';
import { isLooping } from './repetition.js';
import { seededRandom } from './seeded-random.js';
import { applyTimestampRules } from './timestamp-rules.js';
import type { DecoderState, HeardAudio, WhisperModel } from './whisper-model.js';

/** One attempt at a chunk's text. */
export interface Decoded {
  tokens: number[];
  /** Of each token, 0…1. */
  probabilities: number[];
  /**
   * Attention of the alignment heads over the audio while each token was said: row 0 belongs to the first token of the
   * prompt; each row is heads × frames. The last row is the one of the last text token.
   */
  attention: AttentionRows;
  temperature: number;
}

export interface AttentionRows {
  rows: Float32Array[];
  heads: number;
  frames: number;
  /** Rows of the prompt up to and without the last prompt token. */
  promptRows: number;
}

export interface DecodeRequest {
  language: string;
  /**
   * Whether the model writes time stamps between its phrases. Without, it decodes a fifth fewer tokens and hears as well,
   * but now and then leaves a whole phrase out where the speaker changes.
   */
  timestamps: boolean;
  /** Frames of the audio that are not filling. */
  frames: number;
  maxTokens: number;
  signal: AbortSignal;
}

/** Temperatures tried in turn, and when a text is not believed: as in OpenAI's reference implementation of Whisper. */
const temperatures = [0, 0.2, 0.4, 0.6, 0.8, 1] as const;
const compressionLimit = 2.4;
const logProbabilityLimit = -1;
const noSpeechLimit = 0.6;

interface Attempt extends Decoded {
  averageLogProbability: number;
  /** Bytes of text per byte deflated; repetition makes it large. */
  compression: number;
  looping: boolean;
}

/** The decoder after the start token: it knows the language and whether anybody speaks at all. */
export interface Opening {
  state: DecoderState;
  noSpeech: number;
}

export async function open(model: WhisperModel, heard: HeardAudio): Promise<Opening> {
  const { config } = model;
  const state = await model.feed(heard, [config.sot]);
  return { state, noSpeech: probabilitiesOf(state.logits, [config.no_speech], 'all')[0] ?? 0 };
}

/** Probability of each language the model knows. */
export function languagesOf(model: WhisperModel, opening: Opening): { language: string; probability: number }[] {
  const entries = Object.entries(model.config.languages);
  const probabilities = probabilitiesOf(opening.state.logits, entries.map(([, token]) => token), 'these');
  return entries.map(([language], i) => ({ language, probability: probabilities[i] ?? 0 }));
}

/**
 * Decodes one chunk: the likeliest tokens first; where the result repeats itself or is doubted by the model, again with
 * growing randomness. Undefined when the model says that nobody speaks, or when no attempt can be believed.
 */
export async function decode(model: WhisperModel, heard: HeardAudio, opening: Opening, request: DecodeRequest): Promise<Decoded | undefined> {
  const random = seededRandom(1);
  let best: Attempt | undefined;
  for (const temperature of temperatures) {
    const attempt = await attemptAt(model, heard, opening, request, temperature, random);
    const sure = attempt.averageLogProbability >= logProbabilityLimit;
    if (!sure && opening.noSpeech > noSpeechLimit) return undefined;
    const repeats = attempt.looping || attempt.compression > compressionLimit;
    if (!repeats && (best === undefined || attempt.averageLogProbability > best.averageLogProbability)) best = attempt;
    if (!repeats && sure) break;
  }
  return best;
}

async function attemptAt(model: WhisperModel, heard: HeardAudio, opening: Opening, request: DecodeRequest, temperature: number, random: () => number): Promise<Attempt> {
  const { config } = model;
  const prompt = promptOf(model, request);
  const attention: AttentionRows = { rows: [], heads: opening.state.attention.heads, frames: request.frames, promptRows: prompt.length };
  keepAttention(attention, opening.state);
  let state = await model.feed(heard, prompt, opening.state);
  keepAttention(attention, state);

  const said: number[] = [];
  const tokens: number[] = [];
  const probabilities: number[] = [];
  let logProbability = 0;
  let looping = false;
  const room = Math.min(request.maxTokens, config.context - prompt.length - 2);
  while (said.length < room && !looping) {
    request.signal.throwIfAborted();
    suppress(state.logits, config.suppress);
    if (said.length === 0) suppress(state.logits, config.suppressFirst);
    if (request.timestamps) applyTimestampRules(state.logits, said, config);
    // Ids above the end token are commands and time stamps, never text.
    const pick = pickToken(state.logits, request.timestamps ? config.vocab : config.eot + 1, temperature, random);
    logProbability += pick.logProbability;
    if (pick.token === config.eot) break;
    said.push(pick.token);
    if (pick.token < config.eot) {
      tokens.push(pick.token);
      probabilities.push(Math.exp(pick.logProbability));
      looping = isLooping(tokens);
    }
    state = await model.feed(heard, [pick.token], state);
    keepAttention(attention, state);
  }
  const text = textBytes(model, tokens);
  return {
    tokens,
    probabilities,
    attention: request.timestamps && tokens.length > 0 ? await attentionOf(model, heard, opening, request, tokens) : attention,
    temperature,
    averageLogProbability: logProbability / (said.length + 1),
    compression: text.length === 0 ? 0 : text.length / deflateSync(text).length,
    looping,
  };
}

/** What the model attends to when it is made to say these tokens without time stamps, as word times are measured. */
async function attentionOf(model: WhisperModel, heard: HeardAudio, opening: Opening, request: DecodeRequest, tokens: readonly number[]): Promise<AttentionRows> {
  const prompt = promptOf(model, { ...request, timestamps: false });
  const attention: AttentionRows = { rows: [], heads: opening.state.attention.heads, frames: request.frames, promptRows: prompt.length };
  keepAttention(attention, opening.state);
  keepAttention(attention, await model.feed(heard, [...prompt, ...tokens], opening.state));
  return attention;
}

function promptOf({ config }: WhisperModel, { language, timestamps }: DecodeRequest): number[] {
  const token = config.languages[language];
  if (token === undefined) throw new Error(`the model does not know the language ${language}`);
  return [token, config.transcribe, ...(timestamps ? [] : [config.no_timestamps])];
}

function suppress(logits: Float32Array, tokens: readonly number[]): void {
  for (const token of tokens) logits[token] = -Infinity;
}

function keepAttention(into: AttentionRows, { attention }: DecoderState): void {
  const { data, heads, tokens, frames } = attention;
  for (let token = 0; token < tokens; token++) {
    const row = new Float32Array(heads * into.frames);
    for (let head = 0; head < heads; head++) {
      const start = (head * tokens + token) * frames;
      row.set(data.subarray(start, start + into.frames), head * into.frames);
    }
    into.rows.push(row);
  }
}

function textBytes(model: WhisperModel, tokens: readonly number[]): Buffer {
  return Buffer.concat(tokens.map((token) => model.tokenBytes[token] ?? new Uint8Array()));
}
