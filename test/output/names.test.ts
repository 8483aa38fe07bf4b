import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultFolderName, foldedName, folderOf, maxStemBytes, nameText, stemOf, titleText } from '../../src/output/names.js';
import { parseTemplate } from '../../src/output/template.js';

const usual = parseTemplate('{index}-{title}', ['index', 'title']);

function stem(index: number, title: string, maxBytes = maxStemBytes): string {
  return stemOf(usual, { index: { number: index, width: 2 }, title: { text: titleText(title) } }, maxBytes);
}

function titled(text: string): string {
  return stemOf(parseTemplate('{title}', ['title']), { title: { text: titleText(text) } }, maxStemBytes);
}

describe('a clip’s name', () => {
  test('number and title, in any script', () => {
    expect(stem(1, 'What is the first thing?')).toBe('01-What-is-the-first-thing');
    expect(stem(12, 'příliš žluťoučký – 日本語 – עברית')).toBe('12-příliš-žluťoučký-–-日本語-–-עברית');
    expect(stem(3, 'a/b\\c:d*e?f"g<h>i|j')).toBe('03-a-b-c-d-e-f-g-h-i-j');
    expect(stem(4, '...')).toBe('04');
    expect(stem(123, 'x')).toBe('123-x');
  });

  test.each([
    ['composed and decomposed letters are one', 'Café', 'Café'.normalize('NFC')],
    ['a line break, a tab, a bell and a null', 'a\nb\tc\u0007d\u0000e', 'a-b-c-d-e'],
    ['an override that turns 4pm into mp4', 'cod.\u202E4pm', 'cod.4pm'],
    ['isolates and marks of direction', '\u2067\u200Fa\u2069\u061Cb', 'ab'],
    ['characters without width', 'in\u200Bvis\u2060ib\uFEFFle\u00AD', 'invisible'],
    ['fillers and tags', 'a\u3164\u115F\u{E0041}b', 'ab'],
    ['a joiner between Latin letters', 'a\u200Db\u200Cc', 'abc'],
    ['half a character', 'a\uD800b', 'a-b'],
    ['what is no character', 'a\uFFFEb\u{1FFFF}', 'a-b'],
    ['dashes, dots and spaces at the ends', ' --rf .hidden. ', 'rf-.hidden'],
    ['folders', '../../etc/passwd', 'etc-passwd'],
    ['a Windows path', 'C:\\nul', 'C-nul'],
    ['a device of Windows', 'CON', 'CON_'],
    ['a device with an ending', 'nul.txt', 'nul_.txt'],
    ['a port with a raised digit', 'com¹', 'com¹_'],
    ['no device', 'console', 'console'],
    ['the name of our own file', 'Manifest', 'Manifest_'],
    ['nothing that can be written', '???', 'clip'],
  ])('%s', (_what, title, expected) => {
    expect(titled(title)).toBe(expected);
  });

  test.each([
    ['a family', '👨‍👩‍👧'],
    ['a flame on a heart', '❤️‍🔥'],
    ['a keycap', '1️⃣'],
    ['Persian with its non-joiner', 'می‌خواهم'],
    ['Malayalam with its joiner', 'ക്‍ഷ'],
    ['a variant of an ideograph', '葛\u{E0100}'],
  ])('keeps what belongs together: %s', (_what, title) => {
    expect(titled(title)).toBe(title.normalize('NFC'));
  });

  test('whatever the title: it fits, hides nothing, is refused by no common file system', () => {
    const nasty = fc.constantFrom('\u202E', '\u200B', '\u200D', '.', '-', ' ', '/', '\\', 'con', 'NUL', 'é', 'e\u0301', '\uFE0F', '👨‍👩‍👧', '\uD83D', '字', 'കാ', '\0', '|');
    const title = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 400 }), fc.string({ unit: 'binary', maxLength: 80 }), fc.array(nasty, { maxLength: 150 }).map((parts) => parts.join('')));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99 }), title, fc.integer({ min: 24, max: 180 }), fc.boolean(), (index, text, maxBytes, numbered) => {
        const name = numbered ? stem(index, text, maxBytes) : stemOf(parseTemplate('{title}', ['title']), { title: { text: titleText(text) } }, maxBytes);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(maxBytes);
        expect(name).not.toBe('');
        expect(name).not.toMatch(/[<>:"/\\|?*\p{Cc}\p{Cs}]|^[-. ]|[-. ]$|[\u061C\u200B\u200E\u200F\u202A-\u202E\u2060\u2066-\u2069\uFEFF]/u);
        expect(name).not.toMatch(/^(con|nul|manifest)([. ]|$)/i);
        expect(name).toBe(name.normalize('NFC'));
      }),
      { numRuns: 300 },
    );
  });

  test('is never cut inside a character, and gives the title’s room before the source’s', () => {
    const template = parseTemplate('{source}-{title}-{index}', ['source', 'title', 'index']);
    const long = stemOf(template, { source: { text: 's'.repeat(300) }, title: { text: '👨‍👩‍👧'.repeat(40) }, index: { number: 7, width: 2 } }, 180);
    const [, source, title] = /^(s+)-((?:👨‍👩‍👧)+)-07$/u.exec(long) ?? [];
    expect(Buffer.byteLength(long)).toBeLessThanOrEqual(180);
    expect(source?.length).toBeGreaterThanOrEqual(80);
    expect(title).toBeDefined();
    expect(stemOf(template, { source: { text: 's'.repeat(300) }, title: { text: 'short' }, index: { number: 7 } }, 180)).toBe(`${'s'.repeat(180 - 1 - '-short-7'.length)}-short-7`);
  });

  test('a width pads numbers and cuts texts', () => {
    const template = parseTemplate('{index:4}-{title:3}', ['index', 'title']);
    expect(stemOf(template, { index: { number: 12, width: 2 }, title: { text: '👨‍👩‍👧bcd' } }, 180)).toBe('0012-👨‍👩‍👧bc');
  });
});

describe('folders', () => {
  test('the default is called after the source', () => {
    expect(defaultFolderName('talk.mp4')).toBe('talk.snvg');
    expect(defaultFolderName('My talk, part 2.final.mov')).toBe('My talk, part 2.final.snvg');
    expect(defaultFolderName("a'b:c [d], e.mp4")).toBe("a'b c [d], e.snvg");
    expect(defaultFolderName('-x.mp4')).toBe('x.snvg');
    expect(defaultFolderName('con.mp4')).toBe('con_.snvg');
    expect(defaultFolderName('...')).toBe('untitled.snvg');
    expect(Buffer.byteLength(defaultFolderName(`${'മ'.repeat(120)}.mp4`))).toBeLessThanOrEqual(maxStemBytes + 5);
  });

  test('a person’s own text stays, a value adds no folder and hides nothing', () => {
    const fields = ['source', 'parent'];
    const folder = (text: string, source: string): string => folderOf(parseTemplate(text, fields), { source: { text: source }, parent: { text: '' } });
    expect(folder("../a'b:c [d], e/.{{x}}/{source}", 'talk')).toBe("../a'b:c [d], e/.{x}/talk");
    expect(folder('out/{source}', '../../etc')).toBe('out/etc');
    expect(folder('out/{source}', '..')).toBe('out/untitled');
    expect(folder('out/.{source}', '..')).toBe('out/.untitled');
    expect(folder('out/{source}.d/x', 'nul')).toBe('out/nul_.d/x');
    expect(folder('{parent}/{source}', '-rf')).toBe('untitled/rf');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (source) => {
        expect(folder('out/{source}', source).split('/')).toHaveLength(2);
        expect(folder('out/{source}', source)).not.toMatch(/\/(\.|$)/);
      }),
    );
  });

  test('names that some file system takes for one are folded to one', () => {
    expect(foldedName('Straße')).toBe(foldedName('STRASSE'));
    expect(foldedName('Café'.normalize('NFD'))).toBe(foldedName('café'.normalize('NFC')));
    expect(foldedName('a')).not.toBe(foldedName('b'));
  });

  test('a name keeps spaces, a title gets dashes', () => {
    expect(nameText('My  talk?')).toBe('My talk');
    expect(titleText('My  talk?')).toBe('My-talk');
  });
});
