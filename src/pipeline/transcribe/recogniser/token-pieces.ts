/** The smallest run of tokens that is whole characters, with its time and its least likely token. */
export interface Piece {
  /** Verbatim: a leading space starts a new word where words are spaced. */
  text: string;
  startUs: number;
  endUs: number;
  confidence: number;
}

/**
 * Joins tokens until their bytes are whole characters: one kanji or emoji may be three tokens.
 * Bytes that never become a character (a cut-off end) are left out.
 *
 * @param starts start of each token, and one more: the end of the last
 */
export function tokenPieces(tokenBytes: readonly Uint8Array[], tokens: readonly number[], probabilities: readonly number[], starts: readonly number[]): Piece[] {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const pieces: Piece[] = [];
  let first = 0;
  let open: Uint8Array[] = [];
  tokens.forEach((token, i) => {
    open.push(tokenBytes[token] ?? new Uint8Array());
    let text: string;
    try {
      text = decoder.decode(Buffer.concat(open));
    } catch {
      // An unfinished character has at most 4 bytes; more are rubbish that would swallow the rest.
      if (open.length < 4) return;
      open = [];
      first = i + 1;
      return;
    }
    pieces.push({ text, startUs: starts[first] ?? 0, endUs: starts[i + 1] ?? 0, confidence: Math.min(...probabilities.slice(first, i + 1)) });
    open = [];
    first = i + 1;
  });
  return pieces;
}
