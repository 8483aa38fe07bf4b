import { type FileHandle, open } from 'node:fs/promises';

/** Interleaved 32-bit float samples, two channels. */
export const channels = 2;
export const bytesPerFrame = channels * Float32Array.BYTES_PER_ELEMENT;

/** One piece of the clip in samples: where it lies in the source and where in the clip. */
export interface SoundPiece {
  sourceStart: number;
  clipStart: number;
  length: number;
}

/** A piece's sound around one of its ends, from `half` samples before it to `half` after. */
interface End {
  samples: Float32Array;
  /** From where to where in the source it holds sound. */
  filledFrom: number;
  filledTo: number;
}

/**
 * Puts a clip's sound together sample by sample, in a file, from what is decoded of the source in any order.
 *
 * Where two pieces meet, the one fades out while the other fades in, with constant power, from half a fade before the join to half a
 * fade after: each goes on a little beyond its end, so the clip becomes neither shorter nor longer. Where the source has no sound beyond
 * the end, the fade lies within the piece. The first start and the last end of a clip are not faded here.
 */
export class JoinedSound {
  readonly #pieces: readonly SoundPiece[];
  readonly #half: number;
  readonly #file: FileHandle;
  /** Of each piece, [head, tail]; undefined where there is no join. */
  readonly #ends: readonly (readonly [End | undefined, End | undefined])[];

  /**
   * @param pieces in playing order, following each other in the clip without gap, each longer than a fade
   * @param fade samples of a whole crossfade
   */
  static async create(path: string, pieces: readonly SoundPiece[], fade: number): Promise<JoinedSound> {
    const file = await open(path, 'w');
    const last = pieces.at(-1);
    // What is never written is silence.
    await file.truncate(last ? (last.clipStart + last.length) * bytesPerFrame : 0);
    return new JoinedSound(file, pieces, Math.floor(fade / 2));
  }

  private constructor(file: FileHandle, pieces: readonly SoundPiece[], half: number) {
    this.#file = file;
    this.#pieces = pieces;
    this.#half = half;
    const end = (at: number): End => ({ samples: new Float32Array(2 * half * channels), filledFrom: at + half, filledTo: at - half });
    this.#ends = pieces.map(({ sourceStart, length }, n) => [n > 0 ? end(sourceStart) : undefined, n < pieces.length - 1 ? end(sourceStart + length) : undefined]);
  }

  /**
   * Takes a run of the source's sound for one piece.
   * @param start source sample of the first
   */
  async take(n: number, samples: Float32Array, start: number): Promise<void> {
    const piece = this.#pieces[n];
    const [head, tail] = this.#ends[n] ?? [];
    if (!piece) return;
    const sourceEnd = piece.sourceStart + piece.length;
    if (head) fill(head, samples, start, piece.sourceStart - this.#half);
    if (tail) fill(tail, samples, start, sourceEnd - this.#half);
    const from = Math.max(start, piece.sourceStart + (head ? this.#half : 0));
    const to = Math.min(start + samples.length / channels, sourceEnd - (tail ? this.#half : 0));
    if (to > from) await this.#write(samples.subarray((from - start) * channels, (to - start) * channels), piece.clipStart + from - piece.sourceStart);
  }

  /** Writes the joins and closes the file. */
  async finish(): Promise<void> {
    for (const [n, { sourceStart, clipStart }] of this.#pieces.entries()) {
      const before = this.#pieces[n - 1];
      const tail = this.#ends[n - 1]?.[1];
      const head = this.#ends[n]?.[0];
      if (!before || !tail || !head) continue;
      await this.#write(crossfade(tail, before.sourceStart + before.length, head, sourceStart, this.#half), clipStart - this.#half);
    }
    await this.#file.close();
  }

  /** Closes the file as it is. */
  async abandon(): Promise<void> {
    await this.#file.close();
  }

  async #write(samples: Float32Array, clipAt: number): Promise<void> {
    const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, clipAt * bytesPerFrame + done);
      done += bytesWritten;
    }
  }
}

/** Keeps of a run what lies around an end that begins at `first`. */
function fill(end: End, samples: Float32Array, start: number, first: number): void {
  const from = Math.max(start, first);
  const to = Math.min(start + samples.length / channels, first + end.samples.length / channels);
  if (to <= from) return;
  end.samples.set(samples.subarray((from - start) * channels, (to - start) * channels), (from - first) * channels);
  end.filledFrom = Math.min(end.filledFrom, from);
  end.filledTo = Math.max(end.filledTo, to);
}

/**
 * @param tailEnd where the earlier piece ends, as a source sample
 * @param headStart where the later piece starts
 */
function crossfade(tail: End, tailEnd: number, head: End, headStart: number, half: number): Float32Array {
  const mixed = new Float32Array(2 * half * channels);
  const after = reach(tail.filledTo - tailEnd, half);
  const before = reach(headStart - head.filledFrom, half);
  for (let at = 0; at < 2 * half; at += 1) {
    // The middle of each sample, counted from the join.
    const offset = at - half + 0.5;
    const out = Math.cos(quarterTurn(offset + half, half + after));
    const into = Math.sin(quarterTurn(offset + before, half + before));
    for (let channel = 0; channel < channels; channel += 1) {
      const index = at * channels + channel;
      mixed[index] = out * (tail.samples[index] ?? 0) + into * (head.samples[index] ?? 0);
    }
  }
  return mixed;
}

/** 0 … π/2 over `length`, held at both ends. */
function quarterTurn(at: number, length: number): number {
  return (Math.PI / 2) * Math.min(1, Math.max(0, at / length));
}

/** How far beyond its end a piece can go on; less than nothing where the source's sound stops within the last half fade. */
function reach(samples: number, half: number): number {
  return Math.min(half, Math.max(-half / 2, samples));
}
