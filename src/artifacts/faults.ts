import { SnvgError } from '../errors.js';

/** What lies under an artifact's hash are other bytes. Nobody was given them as the artifact. */
export class ArtifactDamaged extends SnvgError {
  readonly hash: string;

  /** @param place where the bytes lie, for people */
  constructor(hash: string, place: string) {
    super('ARTIFACT_DAMAGED', `Artifact ${hash.slice(0, 12)} in ${place} is damaged: its bytes are not those that were put there`, 'Run again: what is damaged is made anew. snvg store verify --repair looks through all of it.');
    this.hash = hash;
  }
}

/** A store has no artifact with this hash, or no longer. */
export class ArtifactMissing extends SnvgError {
  readonly hash: string;

  /** @param place where it was looked for, for people */
  constructor(hash: string, place: string, options?: { cause?: unknown }) {
    super('ARTIFACT_MISSING', `Artifact ${hash.slice(0, 12)} is not in ${place}`, 'Run again: what is missing is made anew.', options);
    this.hash = hash;
  }
}

/** Whether an artifact itself is at fault, not the way to it: what it came from has to be done again. */
export function isUnusableArtifact(error: unknown): error is ArtifactDamaged | ArtifactMissing {
  return error instanceof ArtifactDamaged || error instanceof ArtifactMissing;
}

/** Something was to be written to a store that was opened to look only. */
export function readOnlyStore(place: string): SnvgError {
  return new SnvgError('OUTPUT_UNWRITABLE', `${place} was opened to be read only`, 'Run without --dry-run to write to it.');
}
