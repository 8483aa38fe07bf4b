import type { Range } from '../../../artifacts/schemas/common.js';
import { pictureDistance, type PictureSignature } from '../fine/picture-signature.js';

/**
 * How different two neighbouring keyframes must be to lie in different shots. Seconds pass between them, in which people move and
 * cameras pan, so it takes more than between neighbouring frames.
 */
const borderDistance = 0.2;

/** Collects the shots that keyframes alone show: a map to refine. Holds one signature (20 kB), never pictures. */
export class KeyframeShots {
  readonly keyframesUs: number[] = [];
  readonly #bordersUs: number[] = [];
  #last: PictureSignature | undefined;

  add(atUs: number, signature: PictureSignature): void {
    // Encoders set a keyframe on a cut, so the later of two different keyframes most often begins its shot.
    if (this.#last && pictureDistance(this.#last, signature) >= borderDistance) this.#bordersUs.push(atUs);
    this.#last = signature;
    this.keyframesUs.push(atUs);
  }

  shots(durationUs: number): Range[] {
    const borders = this.#bordersUs.filter((border) => border > 0 && border < durationUs);
    return [0, ...borders].map((startUs, index) => ({ startUs, endUs: borders[index] ?? durationUs }));
  }
}
