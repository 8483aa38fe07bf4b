import { floats, openSession, tensorFactory, type Session, type TensorFactory } from '../../../inference/session.js';

/** Samples per step, and the samples before them that the model sees again (fixed by the model: 32 ms and 4 ms). */
export const vadFrameSamples = 512;
const contextSamples = 64;
const stateDims = [2, 1, 128] as const;

/**
 * Silero VAD 6 (MIT): the probability of speech in each 32 ms of a stream at 16 kHz. The network carries a state,
 * so frames must come in order; one instance hears one stream.
 */
export class VoiceActivity {
  private state = new Float32Array(2 * 128);
  private readonly input = new Float32Array(contextSamples + vadFrameSamples);

  private constructor(
    private readonly session: Session,
    private readonly tensors: TensorFactory,
  ) {}

  static async load(path: string): Promise<VoiceActivity> {
    return new VoiceActivity(await openSession(path, { threads: 1 }), await tensorFactory());
  }

  /** Forgets what it has heard. */
  reset(): void {
    this.state = new Float32Array(2 * 128);
    this.input.fill(0);
  }

  /** @param frame at most 512 samples; a shorter last frame is filled with silence */
  async probability(frame: Float32Array): Promise<number> {
    this.input.copyWithin(0, vadFrameSamples);
    this.input.fill(0, contextSamples);
    this.input.set(frame, contextSamples);
    const { output, stateN } = await this.session.run({
      input: this.tensors.float32(this.input, [1, this.input.length]),
      state: this.tensors.float32(this.state, stateDims),
      sr: this.tensors.int64(BigInt64Array.of(16_000n), []),
    });
    this.state = Float32Array.from(floats(stateN));
    return floats(output)[0] ?? 0;
  }
}
