import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeBraces, fieldsOf, parseTemplate, type Template, TemplateFault, type TemplatePart, templateText } from '../../src/output/template.js';

const fields = ['index', 'title', 'source'];

describe('templates', () => {
  test('text, fields, widths and braces that stand for themselves', () => {
    expect(parseTemplate('{index:3}. {{{title}}} }}{{', fields)).toEqual([{ field: 'index', width: 3 }, { text: '. {' }, { field: 'title' }, { text: '} }{' }]);
    expect(parseTemplate('', fields)).toEqual([]);
    expect(fieldsOf(parseTemplate('a{title}-{title:4}{index}', fields))).toEqual(new Set(['title', 'index']));
  });

  test.each([
    ['{', /is not a field/],
    ['a}b', /closes a field that was not opened/],
    ['{index', /is not a field/],
    ['{index:}', /is not a field/],
    ['{index:0}', /is not a field/],
    ['{index:100}', /is not a field/],
    ['{ index }', /there is no field \{ index \}/],
    ['{Title}', /there is no field \{Title\}/],
    ['{nothing:3}', /there is no field \{nothing\}/],
    ['{{index}', /closes a field/],
  ])('%s is refused', (text, message) => {
    expect(() => parseTemplate(text, fields)).toThrow(TemplateFault);
    expect(() => parseTemplate(text, fields)).toThrow(message);
  });

  test('what a template says can be written down and read again', () => {
    const part: fc.Arbitrary<TemplatePart> = fc.oneof(
      fc.record({ field: fc.constantFrom(...fields) }),
      fc.record({ field: fc.constantFrom(...fields), width: fc.integer({ min: 1, max: 99 }) }),
      fc.record({ text: fc.string({ unit: fc.constantFrom('{', '}', 'a', ':', '3', 'é', '-', '字'), minLength: 1, maxLength: 5 }) }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        // Neighbouring texts are one text.
        const template: Template = parts.reduce<TemplatePart[]>((joined, one) => {
          const last = joined.at(-1);
          if (last && 'text' in last && 'text' in one) joined[joined.length - 1] = { text: last.text + one.text };
          else joined.push(one);
          return joined;
        }, []);
        expect(parseTemplate(templateText(template), fields)).toEqual(template);
      }),
    );
  });

  test('any text is a template or is refused with where it goes wrong; escaped, it stands for itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('{', '}', ':', '1', 't', 'title', 'index', ' '), maxLength: 10 }), (text) => {
        try {
          expect(parseTemplate(templateText(parseTemplate(text, fields)), fields)).toEqual(parseTemplate(text, fields));
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateFault);
          expect((error as TemplateFault).at).toBeLessThan(text.length);
        }
        expect(parseTemplate(escapeBraces(text), fields)).toEqual(text === '' ? [] : [{ text }]);
      }),
    );
  });
});
