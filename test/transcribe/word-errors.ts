/** Spelled-out forms that the truth uses and a recogniser writes in digits; as in fixtures/recipe/wer.py. */
const written: readonly (readonly [string, string])[] = [
  ['twelve', '12'],
  ['nineteen sixty one', '1961'],
  ['seventeen point four percent', '17.4%'],
  ['thirty percent', '30%'],
  ['forty', '40'],
  ['ten', '10'],
  ['four', '4'],
  ['three', '3'],
  ['five', '5'],
  ['six', '6'],
  ['two', '2'],
  ['one', '1'],
  ['first', '1st'],
  ['second', '2nd'],
  ['third', '3rd'],
  ['fourth', '4th'],
  ['mister', 'mr'],
  ['liters', 'litres'],
];

/** Lower case, digits for the numbers of the fixtures, no punctuation but inside a word. */
export function normalWords(text: string): string[] {
  let plain = text.toLowerCase().replaceAll('’', "'").replaceAll('-', ' ');
  for (const [spelled, digits] of written) plain = plain.replaceAll(new RegExp(`\\b${spelled}\\b`, 'g'), digits);
  return plain.match(/[a-z0-9'%.]*[a-z0-9%]/g) ?? [];
}

export interface Alignment {
  errors: number;
  /** Index pairs [truth, heard] of equal items. */
  matches: [number, number][];
}

/** Levenshtein distance over whole items, with one of its cheapest alignments. */
export function alignItems(truth: readonly string[], heard: readonly string[]): Alignment {
  const width = heard.length + 1;
  const cost = new Uint32Array((truth.length + 1) * width);
  const at = (i: number, j: number): number => cost[i * width + j] as number;
  for (let i = 0; i <= truth.length; i++) {
    for (let j = 0; j <= heard.length; j++) {
      const same = i > 0 && j > 0 && truth[i - 1] === heard[j - 1] ? 0 : 1;
      cost[i * width + j] = i === 0 ? j : j === 0 ? i : Math.min(at(i - 1, j - 1) + same, at(i - 1, j) + 1, at(i, j - 1) + 1);
    }
  }
  const matches: [number, number][] = [];
  for (let i = truth.length, j = heard.length; i > 0 && j > 0; ) {
    const same = truth[i - 1] === heard[j - 1] ? 0 : 1;
    if (at(i, j) === at(i - 1, j - 1) + same) {
      if (same === 0) matches.push([i - 1, j - 1]);
      i--;
      j--;
    } else if (at(i, j) === at(i - 1, j) + 1) i--;
    else j--;
  }
  return { errors: at(truth.length, heard.length), matches: matches.toReversed() };
}

/** Errors of `heard` per word of `truth`. */
export function wordErrorRate(truth: string, heard: string): number {
  const reference = normalWords(truth);
  return alignItems(reference, normalWords(heard)).errors / reference.length;
}
