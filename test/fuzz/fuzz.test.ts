import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { join, resolve } from 'node:path';
import { layBait } from './bait.js';
import { corpus, type Seed } from './corpus.js';
import { bombs } from './bombs.js';
import { disguises } from './disguises.js';
import { mutant, type Mutant } from './mutants.js';
import { mutations } from './mutate.js';
import { Random } from './random.js';
import { faultsOf, tryInput } from './trial.js';

/** Chosen so that every kind of mutation and most containers are among them; `npm run bench -- hostile` runs 500. */
const numbers = [2, 5, 11, 17, 23, 42, 58, 71, 86, 104, 123, 145, 168, 190, 211, 237, 260, 284, 309, 333];
/** Of the bombs and disguises, those that a cheaper test (test/hostile) cannot show through the whole program. */
const special = ['hls.mp4', 'external.mov', 'png-16000.mkv', 'changes-size.ts', 'sample-a-packet.mkv'];
const real = process.env['SNVG_TEST_MEDIA'];

describe.skipIf(process.platform !== 'linux')('mutants', () => {
  let bait: Awaited<ReturnType<typeof layBait>>;
  let seeds: Seed[];
  let specials: Mutant[];

  beforeAll(async () => {
    bait = await layBait(resolve('fixtures/beep-flash.mp4'));
    seeds = corpus(real === undefined ? undefined : join(real, 'odd'));
    specials = [...disguises(bait), ...bombs()].filter(({ name }) => special.includes(name)).map(({ name, bytes }) => ({ label: name, fileName: name, bytes }));
  });
  afterAll(() => bait.remove());

  it('are the same on every run, and differ', () => {
    const [first, second, again] = [1, 2, 1].map((number) => mutant(number, seeds));
    expect(again).toEqual(first);
    expect(second?.bytes.equals(first?.bytes ?? Buffer.alloc(0))).toBe(false);
  });

  it.for(Object.entries(mutations))('of the kind "%s" change some file', ([, mutate]) => {
    const random = new Random(7);
    const changed = seeds.slice(0, 12).filter(({ bytes }) => {
      const made = mutate(bytes, random, seeds);
      return made !== undefined && !made.equals(bytes);
    });
    expect(changed.length).toBeGreaterThan(0);
  });

  it('come to a clip or to two lines, within limits, touching nothing else and leaving nothing', { timeout: 900_000 }, async () => {
    const inputs = [...specials, ...numbers.map((number) => mutant(number, seeds))];
    expect(specials).toHaveLength(special.length);
    const ended: string[] = [];
    const faults: string[] = [];
    for (const input of inputs) {
      const trial = await tryInput(input);
      ended.push(trial.code || 'clip');
      faults.push(...faultsOf(trial).map((fault) => `${trial.label}: ${fault}\n${trial.output.slice(-500)}`));
    }
    expect(faults).toEqual([]);
    expect(bait.connections()).toBe(0);
    // Neither is everything refused, nor everything let in.
    expect(ended.filter((code) => code === 'clip').length).toBeGreaterThan(3);
    expect(new Set(ended).size).toBeGreaterThan(3);
  });
});
