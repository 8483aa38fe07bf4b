import type { WhisperConfig } from './whisper-config.js';

/** A phrase may not begin later than this in its chunk: 1 s in steps of 20 ms. */
const latestFirst = 50;

/**
 * Which tokens may follow when the model writes time stamps: they come in pairs around phrases, never run backwards, and
 * stand first. The rules are those of OpenAI's reference implementation of Whisper.
 *
 * @param logits written to: what may not follow becomes −Infinity
 * @param said the tokens so far, time stamps included
 */
export function applyTimestampRules(logits: Float32Array, said: readonly number[], config: WhisperConfig): void {
  const first = config.no_timestamps + 1;
  const isStamp = (token: number | undefined): boolean => token !== undefined && token >= first;
  // Commands lie between the end token and the first time stamp.
  logits.fill(-Infinity, config.eot + 1, first);
  if (said.length === 0) {
    logits.fill(-Infinity, 0, first);
    logits.fill(-Infinity, first + latestFirst + 1);
    return;
  }
  const afterStamp = isStamp(said.at(-1));
  const paired = said.length < 2 || isStamp(said.at(-2));
  if (afterStamp && paired) logits.fill(-Infinity, first);
  else if (afterStamp) logits.fill(-Infinity, 0, config.eot);
  const latest = said.findLast(isStamp);
  if (latest !== undefined) logits.fill(-Infinity, first, afterStamp && !paired ? latest : latest + 1);
  if (stampsOutweighText(logits, first)) logits.fill(-Infinity, 0, first);
}

/** Together the time stamps are likelier than the likeliest text. */
function stampsOutweighText(logits: Float32Array, first: number): boolean {
  let text = -Infinity;
  for (let i = 0; i < first; i++) text = Math.max(text, logits[i] as number);
  let max = -Infinity;
  for (let i = first; i < logits.length; i++) max = Math.max(max, logits[i] as number);
  if (max === -Infinity) return false;
  let sum = 0;
  for (let i = first; i < logits.length; i++) sum += Math.exp((logits[i] as number) - max);
  return Math.log(sum) + max > text;
}
