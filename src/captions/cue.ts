/** One caption: text shown from `startUs` to `endUs` (integer µs on whatever timeline the file uses); lines separated by `\n`. */
export interface Cue {
  startUs: number;
  endUs: number;
  text: string;
}
