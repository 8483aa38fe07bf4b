import { array, assert, constantFrom, property, string } from 'fast-check';
import { expect, it } from 'vitest';
import { finderOf, headChars } from '../../src/secret-finder.js';

/** Few letters, so that forms begin with, overlap and contain one another. */
const letters = constantFrom('a', 'b', '\\', '$', '世', '\ud83d');
const form = string({ unit: letters, minLength: headChars, maxLength: 12 });

it('finds what a regular expression of all forms, the longest first, would find', () => {
  assert(
    property(array(form, { minLength: 1, maxLength: 6 }), array(string({ unit: letters, maxLength: 9 }), { maxLength: 6 }), (forms, between) => {
      const text = [...between, ...forms].flatMap((piece, index) => [piece, forms[index % forms.length]?.slice(index % 3) ?? '', between[index] ?? '']).join('');
      const expression = forms.toSorted((one, other) => other.length - one.length).map((one) => one.replace(/[$\\]/g, String.raw`\$&`)).join('|');
      expect(finderOf(forms)(text, '[]')).toBe(text.replace(new RegExp(expression, 'g'), '[]'));
    }),
    { numRuns: 1_000 },
  );
});

it('leaves text alone in which nothing is found, also when it is shorter than any form', () => {
  for (const text of ['', 'a', 'abcdefg', 'abcdefgH', 'xabcdefg']) expect(finderOf(['abcdefgh'])(text, '[]')).toBe(text);
});
