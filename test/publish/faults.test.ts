import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';
import { clipsFor } from './world/clips.js';
import { type BatchOutcome, faultedBatch } from './world/faulted-batch.js';
import { naiveBatch } from './world/naive.js';
import { networkCases, platformCases } from './world/platform-case.js';

/** The bench runs 30,000 (`npm run bench -- publish`); these are the first of its seeds, more of them where a post has few moments at which anything can happen. */
const seedsAtLeast = 12;
const faultedAtLeast = 100;
const perBatch = 10;

describe.each(platformCases.map((given) => [given.id, given] as const))('%s under requests that go wrong, kills, sleep and wrong clocks', (_, given) => {
  it('has one post for each that is reported published, none for each failed, and in the end all', async () => {
    const clips = clipsFor(given, temporaryFolder(), perBatch);
    const outcomes: BatchOutcome[] = [];
    const sum = (of: (outcome: BatchOutcome) => number): number => outcomes.reduce((total, outcome) => total + of(outcome), 0);
    for (let seed = 1; seed <= seedsAtLeast || sum(({ faulted }) => faulted) < faultedAtLeast; seed += 1) outcomes.push(await faultedBatch(given, { seed, clips }));
    expect(outcomes.flatMap(({ violations }) => violations)).toEqual([]);
    // What is not there in the end must be for a reason that the platform gives no way around; it is shown.
    expect(outcomes.flatMap(({ causes }) => causes)).toEqual([]);
    expect(sum(({ published }) => published)).toBe(outcomes.length * perBatch);
  });
});

describe.each(networkCases.map((given) => [given.id, given] as const))('%s under requests that go wrong', (_, given) => {
  it('has posts that are there twice, or denied, by a tool that starts again after any error', async () => {
    const { twice, denied } = await naiveBatch(given, { seed: 1, clips: clipsFor(given, temporaryFolder(), 40) });
    expect(twice + denied).toBeGreaterThan(0);
  });
});
