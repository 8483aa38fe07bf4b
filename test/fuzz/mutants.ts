import { bombs } from './bombs.js';
import { corpus, type Seed } from './corpus.js';
import { type Bait, disguises } from './disguises.js';
import { mutations } from './mutate.js';
import { Random } from './random.js';

export interface Mutant {
  /** Tells how to make it again: which seed file, what was done, and with which number. */
  label: string;
  fileName: string;
  bytes: Buffer;
}

/** The mutant of a number; the same for ever, whatever else is made. */
export function mutant(number: number, seeds: readonly Seed[]): Mutant {
  const random = new Random(number * 2_654_435_761);
  for (;;) {
    const seed = random.pick(seeds);
    const names = Object.keys(mutations);
    const name = random.pick(names);
    let bytes = mutations[name]?.(seed.bytes, random, seeds);
    // A third is spoilt twice: faults hide behind one another.
    if (bytes && bytes.length > 0 && random.below(3) === 0) bytes = mutations[random.pick(names)]?.(bytes, random, seeds) ?? bytes;
    if (bytes && bytes.length > 0 && !bytes.equals(seed.bytes)) return { label: `${number}: ${seed.name}, ${name}`, fileName: seed.name, bytes };
  }
}

/**
 * `count` hostile inputs: every bomb and every disguise, and mutants for the rest.
 *
 * @param more a folder of real files to make mutants of as well
 */
export function* hostileInputs(count: number, bait: Bait, more?: string): Generator<Mutant> {
  const made = [...disguises(bait), ...bombs()].map(({ name, bytes }) => ({ label: name, fileName: name, bytes }));
  yield* made.slice(0, count);
  const seeds = corpus(more);
  for (let number = 1; number <= count - made.length; number += 1) yield mutant(number, seeds);
}
