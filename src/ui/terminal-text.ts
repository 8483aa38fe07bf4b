import stringWidth from 'string-width';

/**
 * Text from files, transcripts and models as a terminal may show it: control characters (which could move the cursor or rewrite
 * the screen) and bidirectional overrides (which could reorder what stands around them) become visible marks, line ends spaces.
 */
export function terminalText(text: string): string {
  return text.replace(/[\t\n\r\u2028\u2029]+/g, ' ').replace(/[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu, '\uFFFD');
}

/** At most `width` columns, cut between graphemes, with an ellipsis where something was left out. */
export function clipped(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  let used = 1;
  for (const { segment } of graphemes.segment(text)) {
    const next = stringWidth(segment);
    if (used + next > width) break;
    kept += segment;
    used += next;
  }
  return width > 0 ? `${kept}…` : '';
}

/** Pads on the right to `width` columns. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
}

/** The columns of a table's rows, padded to the widest of each; the last column stays as it is. */
export function aligned(rows: readonly (readonly string[])[], gap = '  '): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, stringWidth(cell));
  return rows.map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : padded(cell, widths[column] ?? 0))).join(gap));
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
