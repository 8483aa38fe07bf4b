import { setTimeout as sleep } from 'node:timers/promises';
import { SnvgError } from '../errors.js';

/** Each lost race means that somebody else's change got in: with ten writers a change needs about ten turns at worst. */
const mostTurns = 60;
const longestPauseMs = 200;

/**
 * Repeats read, change, write until nobody has come between, with growing random pauses.
 *
 * @param turn undefined: somebody came between, look again
 * @throws {SnvgError} LEDGER_CONFLICT after many turns
 */
export async function untilWritten<T>(what: string, turn: () => Promise<T | undefined>): Promise<T> {
  for (let count = 1; count <= mostTurns; count += 1) {
    const result = await turn();
    if (result !== undefined) return result;
    await sleep(Math.random() * Math.min(longestPauseMs, 2 ** count));
  }
  throw new SnvgError('LEDGER_CONFLICT', `${what} is being changed by too many others at once`, 'Run again in a moment.');
}
