/** Scripts that the vocabulary knows only by bytes: a letter may be two or three tokens. */
const costlyScripts: ReadonlySet<string> = new Set('am bn bo gu hi hy ka km kn lo ml mr my ne pa sa sd si ta te th ur yi'.split(' '));

/**
 * The most tokens a chunk can hold: nobody says more than about 10 a second, and a decoder that goes on has lost its place.
 * (A limit by length kept one 9 s chunk from costing 37 CPU s.)
 */
export function tokenLimit(seconds: number, language: string): number {
  return Math.ceil(seconds * (costlyScripts.has(language) ? 25 : 10)) + 16;
}
