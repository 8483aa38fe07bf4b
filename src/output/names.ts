import type { Template } from './template.js';

/** Longest name in bytes: leaves room for `.vertical.mp4` below the 255 bytes that most file systems allow. */
export const maxStemBytes = 180;

/** Characters Windows refuses in names. */
const forbidden = /[<>:"/\\|?*]/gu;
/** Controls, line separators, halves of a character, code points that are no character: nothing that can be seen. */
const invisible = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/gu;
/** What turns the direction of the text after it: `cod.` + U+202E + `4pm` would be shown as `cod.mp4`. */
const turning = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;
/** Joiners, where they join: between letters or emoji beyond ASCII (Indic, Persian, families of emoji). */
const joining = /(?<=[\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}])(?<![\p{ASCII}])[\u200C\u200D](?=[\p{L}\p{M}\p{Extended_Pictographic}])(?!\p{ASCII})/gu;
/** Variation selectors after something they can vary: an emoji, an ideograph, a keycap. */
const varying = /(?<=[\p{L}\p{M}\p{S}\p{Extended_Pictographic}])(?<!\p{ASCII})[\uFE00-\uFE0F\u{E0100}-\u{E01EF}]|(?<=[0-9#*])\uFE0F(?=\u20E3)/gu;
/** Takes no room on the screen: two names could look the same. */
const ignorable = /\p{Default_Ignorable_Code_Point}/gu;

/** Names that are devices on Windows, whatever follows the first dot; and ours: a clip `manifest` would write `manifest.json`. */
const reserved = /^(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9¹²³]|manifest)(?=$|[. ])/iu;

/**
 * Text as part of a file name: Unicode kept (NFC), what file systems refuse or nobody can see taken out. May be empty;
 * spaces stay. The result holds no path separator.
 */
export function nameText(text: string): string {
  return onlyVisible(text.normalize('NFC')).replace(forbidden, ' ').normalize('NFC').replace(/\s+/gu, ' ').trim();
}

/** A title as part of a file name: as `nameText`, with dashes for spaces and without punctuation at the end of words. */
export function titleText(title: string): string {
  return nameText(title)
    .replace(/[.,!?;…。、！？]+(?=\s|$)/gu, '')
    .trim()
    .replace(/\s+/gu, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
}

/** Takes out what cannot be seen, except what shapes its neighbours. */
function onlyVisible(text: string): string {
  const kept = new Set([...text.matchAll(joining), ...text.matchAll(varying)].map((match) => match.index));
  return text
    .replace(invisible, ' ')
    .replace(turning, '')
    .replace(ignorable, (char, at: number) => (kept.has(at) ? char : ''));
}

/** What a field stands for: a number is padded with zeros to its width, a text cut to that many characters. */
export type FieldValue = { number: number; width?: number } | { text: string };

/**
 * The name a template gives, whole, safe on every common file system and at most `maxBytes` long; where it would be longer,
 * the title is cut first, then the source's name, between characters. Never empty.
 */
export function stemOf(template: Template, values: Readonly<Record<string, FieldValue>>, maxBytes: number): string {
  const expand = (limits: Readonly<Record<string, number>>): string =>
    template
      .map((part) => {
        if ('text' in part) return part.text;
        const text = fieldText(values[part.field], part.width);
        const limit = limits[part.field];
        return limit === undefined ? text : cutToBytes(text, limit);
      })
      .join('');
  // One byte is kept for what a reserved name gets behind it.
  const name = tidy(expand(limitsOf(template, values, maxBytes - 1)));
  return tidy(cutToBytes(name === '' ? 'clip' : name.replace(reserved, '$&_'), maxBytes));
}

/** Nothing before or after that a shell takes for an option, a lister hides, or Windows drops. */
function tidy(name: string): string {
  return name.normalize('NFC').replace(/^[-. ]+|[-. ]+$/g, '');
}

/** Bytes each shortenable field may take, so that the whole fits. */
function limitsOf(template: Template, values: Readonly<Record<string, FieldValue>>, maxBytes: number): Record<string, number> {
  const sizes = { title: 0, source: 0 };
  const times = { title: 0, source: 0 };
  let fixed = 0;
  for (const part of template) {
    const bytes = Buffer.byteLength('text' in part ? part.text : fieldText(values[part.field], part.width));
    if ('field' in part && (part.field === 'title' || part.field === 'source')) {
      sizes[part.field] = Math.max(sizes[part.field], bytes);
      times[part.field] += 1;
    } else fixed += bytes;
  }
  const room = Math.max(0, maxBytes - fixed);
  const leastTitle = Math.min(sizes.title, Math.floor(room / Math.max(1, 2 * times.title)));
  const source = Math.min(sizes.source, Math.floor((room - times.title * leastTitle) / Math.max(1, times.source)));
  const title = Math.floor((room - times.source * source) / Math.max(1, times.title));
  return { title, source };
}

function fieldText(value: FieldValue | undefined, width: number | undefined): string {
  if (value === undefined) return '';
  if ('number' in value) return String(value.number).padStart(width ?? value.width ?? 0, '0');
  return width === undefined ? value.text : [...graphemes(value.text)].slice(0, width).join('');
}

/**
 * The path a folder template gives: its own text stays as a person wrote it, values are made safe, and a value never adds
 * a folder. The caller sees to `/`.
 */
export function folderOf(template: Template, values: Readonly<Record<string, FieldValue>>): string {
  let path = '';
  let component = '';
  let hasField = false;
  const close = (): void => {
    path += hasField ? component.replace(/[. ]+$/g, '').replace(reserved, '$&_') : component;
    component = '';
    hasField = false;
  };
  for (const part of template) {
    if ('field' in part) {
      component += folderValue(fieldText(values[part.field], part.width));
      hasField = true;
      continue;
    }
    const [first = '', ...rest] = part.text.split('/');
    component += first;
    for (const piece of rest) {
      close();
      path += '/';
      component = piece;
    }
  }
  close();
  return path;
}

function folderValue(text: string): string {
  return cutToBytes(nameText(text), maxStemBytes).replace(/^[-. ]+|[-. ]+$/g, '') || 'untitled';
}

/** The default output folder's name: `talk.mp4` → `talk.snvg`. */
export function defaultFolderName(sourceFileName: string): string {
  return `${folderValue(stemOfFile(sourceFileName)).replace(reserved, '$&_')}.snvg`;
}

/** A file's name without its extension; a name that is nothing else stays. */
export function stemOfFile(fileName: string): string {
  return fileName.replace(/\.[^.]+$/, '') || fileName;
}

/**
 * What two names have in common when some file system takes them for one: case, composed or decomposed letters, and
 * characters that take no room do not count.
 */
export function foldedName(name: string): string {
  return name.normalize('NFC').replace(ignorable, '').toUpperCase().toLowerCase().normalize('NFC');
}

function* graphemes(text: string): Iterable<string> {
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)) yield segment;
}

/** The longest beginning of `text` that takes at most `maxBytes` in UTF-8, cut between graphemes. */
function cutToBytes(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  let kept = '';
  let bytes = 0;
  for (const segment of graphemes(text)) {
    bytes += Buffer.byteLength(segment);
    if (bytes > maxBytes) break;
    kept += segment;
  }
  return kept;
}
