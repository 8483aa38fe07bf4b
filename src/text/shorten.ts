const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** Columns a text takes when full-width letters count two; a letter with its marks is one. */
export function displayWidth(text: string): number {
  let columns = 0;
  for (const { segment } of graphemes.segment(text)) columns += isWide(segment) ? 2 : 1;
  return columns;
}

function isWide(grapheme: string): boolean {
  return /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60]|\p{Emoji_Presentation}/u.test(grapheme);
}

/**
 * Shortens a text to at most `columns`: at the end of a clause when one ends in the second half, else between two words
 * with an ellipsis. Never cuts a word or a letter with its marks, except a single word longer than the limit.
 */
export function shorten(text: string, columns: number, language: string): string {
  if (displayWidth(text) <= columns) return text;
  const known = Intl.Segmenter.supportedLocalesOf([language].filter((code) => /^[a-z]{2,3}$/u.test(code)));
  const words = new Intl.Segmenter(known.length > 0 ? known : 'und', { granularity: 'word' });
  let kept = '';
  let clause = '';
  for (const { segment } of words.segment(text)) {
    if (displayWidth(kept + segment) > columns - 1) break;
    if (/^[,;:.!?、，。；：—–]$/u.test(segment)) clause = kept;
    kept += segment;
  }
  if (displayWidth(clause) >= columns / 2) return clause.trimEnd();
  const trimmed = kept.replace(/[\s\p{P}]+$/u, '');
  if (trimmed !== '') return `${trimmed}…`;
  let cut = '';
  for (const { segment } of graphemes.segment(text)) {
    if (displayWidth(cut + segment) > columns - 1) break;
    cut += segment;
  }
  return `${cut}…`;
}
