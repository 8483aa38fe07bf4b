import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closest } from '../../src/config/closest.js';

const names = ['clips', 'maxLength', 'minLength', 'captionColor', 'output'];

describe('closest', () => {
  it.each([
    ['clip', 'clips'],
    ['max_length', 'maxLength'],
    ['MAXLENGHT', 'maxLength'],
    ['captionColour', 'captionColor'],
    ['ouptut', 'output'],
  ])('%s → %s', (typed, meant) => expect(closest(typed, names)).toBe(meant));

  it.each(['x', '', 'resolution', 'captions-everywhere'])('nothing is near %j', (typed) => expect(closest(typed, names)).toBeUndefined());

  it('an exact name is its own nearest', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z]{3,12}$/), { minLength: 1 }), (candidates) => {
      for (const name of candidates) expect(closest(name, candidates)).toBe(name);
    }));
  });

  it('one slip in a name of six letters or more is forgiven', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{6,12}$/), fc.nat(), fc.constantFrom('drop', 'double', 'swap'), (name, seed, slip) => {
        const at = seed % (name.length - 1);
        const [one = '', other = ''] = name.slice(at);
        const typed = name.slice(0, at) + { drop: other, double: one + one + other, swap: other + one }[slip] + name.slice(at + 2);
        expect(closest(typed, [name])).toBe(name);
      }),
    );
  });
});
