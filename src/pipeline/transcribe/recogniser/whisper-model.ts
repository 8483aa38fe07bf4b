import type { VerifiedModel } from '../../../inference/model-files.js';
import { floats, openSession, tensorFactory, type Session, type Tensor, type TensorFactory, type TensorMap } from '../../../inference/session.js';
import { sampleRate } from './pcm.js';
import { readTokenBytes, readWhisperConfig, type WhisperConfig } from './whisper-config.js';

/** What the model always hears: a shorter piece is filled with silence. */
const windowSamples = 30 * sampleRate;
/** Half a Fourier frame on either side; the front mirrors the first samples, as Whisper's own features do. */
const mirrorSamples = 200;
const tailSamples = 40;

/** Encoder frames a second. */
export const framesPerSecond = 50;

/** What the encoder heard, as keys and values for every decoder layer. About 37 MB. */
export type HeardAudio = TensorMap;

/** The decoder after some tokens. */
export interface DecoderState {
  /** Scores of every token for the next position. Belongs to the caller: may be written to. */
  logits: Float32Array;
  /** Attention of the alignment heads over the audio: heads × tokens fed × frames. */
  attention: { data: Float32Array; heads: number; tokens: number; frames: number };
  past: TensorMap;
}

/** Whisper as three ONNX graphs: log-mel front end, encoder, decoder with a key/value cache. */
export class WhisperModel {
  private constructor(
    readonly config: WhisperConfig,
    readonly tokenBytes: readonly Uint8Array[],
    private readonly frontend: Session,
    private readonly encoder: Session,
    private readonly decoder: Session,
    private readonly tensors: TensorFactory,
    private readonly emptyPast: TensorMap,
  ) {}

  /** @param prefix of the model's file names, such as `base-` */
  static async load(model: VerifiedModel, prefix: string, threads: number): Promise<WhisperModel> {
    const config = await readWhisperConfig(model.file(`${prefix}model.json`));
    const tokenBytes = await readTokenBytes(model.file(`${prefix}tokens.txt`));
    const open = (name: string): Promise<Session> => openSession(model.file(`${prefix}${name}.onnx`), { threads });
    const tensors = await tensorFactory();
    const nothing = tensors.float32(new Float32Array(0), [1, config.heads, 0, config.headDim]);
    const emptyPast: TensorMap = {};
    for (const name of cacheNames('p', config.layers)) emptyPast[name] = nothing;
    return new WhisperModel(config, tokenBytes, await open('frontend'), await open('encoder'), await open('decoder'), tensors, emptyPast);
  }

  /** @param samples at most 30 s */
  async hear(samples: Float32Array): Promise<HeardAudio> {
    const audio = new Float32Array(mirrorSamples + windowSamples + tailSamples);
    audio.set(samples.subarray(0, windowSamples), mirrorSamples);
    for (let i = 0; i < mirrorSamples; i++) audio[i] = samples[mirrorSamples - i] ?? 0;
    const { mel } = await this.frontend.run({ audio: this.tensors.float32(audio, [1, audio.length]) });
    return this.encoder.run({ mel: present(mel, 'mel') });
  }

  /** Feeds tokens to the decoder, after those of `before`. */
  async feed(heard: HeardAudio, tokens: readonly number[], before?: DecoderState): Promise<DecoderState> {
    const ids = BigInt64Array.from(tokens, BigInt);
    const output = await this.decoder.run({ tokens: this.tensors.int64(ids, [1, ids.length]), ...heard, ...(before?.past ?? this.emptyPast) });
    const attention = present(output.cross_attention_weights, 'cross_attention_weights');
    const [, heads = 0, fed = 0, frames = 0] = attention.dims;
    const past: TensorMap = {};
    for (const name of cacheNames('', this.config.layers)) past[`p${name}`] = present(output[`n${name}`], name);
    return { logits: floats(output.logits), attention: { data: floats(attention), heads, tokens: fed, frames }, past };
  }
}

function cacheNames(prefix: string, layers: number): string[] {
  return Array.from({ length: layers }, (_, layer) => [`${prefix}k${layer}`, `${prefix}v${layer}`]).flat();
}

function present(tensor: Tensor | undefined, name: string): Tensor {
  if (!tensor) throw new Error(`the model has no output ${name}`);
  return tensor;
}
