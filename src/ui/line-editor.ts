import stringWidth from 'string-width';
import { terminalText } from './terminal-text.js';

/** One line of text under a cursor that stands before the `cursor`th character as people see them. */
export interface EditedLine {
  characters: readonly string[];
  cursor: number;
}

export type EditKey = { insert: string } | 'left' | 'right' | 'home' | 'end' | 'backspace' | 'clear';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** With the cursor at the end. */
export function editing(text: string): EditedLine {
  const characters = split(text);
  return { characters, cursor: characters.length };
}

export function textOf({ characters }: EditedLine): string {
  return characters.join('');
}

/** The line after a key. What is inserted may be pasted: line ends become spaces, other control characters vanish. */
export function edited(line: EditedLine, key: EditKey): EditedLine {
  const { characters, cursor } = line;
  switch (key) {
    case 'left':
      return { characters, cursor: Math.max(0, cursor - 1) };
    case 'right':
      return { characters, cursor: Math.min(characters.length, cursor + 1) };
    case 'home':
      return { characters, cursor: 0 };
    case 'end':
      return { characters, cursor: characters.length };
    case 'backspace':
      return cursor === 0 ? line : { characters: characters.toSpliced(cursor - 1, 1), cursor: cursor - 1 };
    case 'clear':
      return { characters: [], cursor: 0 };
    default: {
      const before = characters.slice(0, cursor).join('') + key.insert.replace(/[\n\r\t]+/g, ' ').replace(/\p{Cc}/gu, '');
      // Joined first: a combining mark belongs to the character before it.
      const left = split(before);
      return { characters: split(before + characters.slice(cursor).join('')), cursor: left.length };
    }
  }
}

/** What fits into `width` columns around the cursor: before it, under it (a space at the end), behind it. */
export function windowAround({ characters, cursor }: EditedLine, width: number): { before: string; under: string; after: string } {
  const shown = characters.map((character) => terminalText(character));
  const under = shown[cursor] ?? ' ';
  let room = width - stringWidth(under);
  let start = cursor;
  let end = Math.min(cursor + 1, shown.length);
  // Most of the room goes to what stands before the cursor, where one types.
  const ahead = Math.floor(width / 4);
  let used = 0;
  while (end < shown.length && used + stringWidth(shown[end] ?? '') <= Math.min(ahead, room)) used += stringWidth(shown[end++] ?? '');
  room -= used;
  while (start > 0 && stringWidth(shown[start - 1] ?? '') <= room) room -= stringWidth(shown[--start] ?? '');
  while (end < shown.length && stringWidth(shown[end] ?? '') <= room) room -= stringWidth(shown[end++] ?? '');
  return { before: shown.slice(start, cursor).join(''), under, after: shown.slice(cursor + 1, end).join('') };
}

function split(text: string): string[] {
  return [...graphemes.segment(text)].map(({ segment }) => segment);
}
