import { resolve } from 'node:path';
import { SnvgError } from '../errors.js';
import { closest } from './closest.js';
import { expected } from './expected.js';
import { options, type OptionSpec, type Settings } from './options.js';
import { valueSchema } from './schema.js';

/** What may differ from one input of a run to the next: what is made of it, how it looks, how it is encoded, what its files are called. */
const groups = new Set(['What to make', 'How it looks', 'How it is encoded']);
const alsoPlaced = new Set(['output', 'nameTemplate']);

/**
 * Settings of one input, as a list gives them.
 * @param where what to call their place in an error: `Line 3 of list.txt`
 * @param from what relative paths count from
 * @param run the settings of the run, which these go before
 * @throws {SnvgError} LIST_INVALID for a key that does not exist or may not differ, or a value that does not fit
 */
export function inputSettings(given: Record<string, unknown>, { where, from, run }: { where: string; from: string; run: Settings }): Partial<Settings> {
  const checked: Record<string, unknown> = {};
  const possible = (options as readonly OptionSpec[]).filter(({ group, key, flagOnly }) => !flagOnly && (groups.has(group) || alsoPlaced.has(key)));
  for (const [key, value] of Object.entries(given)) {
    const option = possible.find((one) => one.key === key);
    if (!option) {
      const near = closest(key, possible.map((one) => one.key));
      throw new SnvgError('LIST_INVALID', `${where} has the setting ${JSON.stringify(key)}, which ${near === undefined ? 'an input cannot have' : 'does not exist'}`, near === undefined ? `An input may have: input, ${possible.map((one) => one.key).join(', ')}.` : `Did you mean "${near}"?`);
    }
    const listed = option.type === 'list' && typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value;
    if (!valueSchema(option).safeParse(listed).success) {
      throw new SnvgError('LIST_INVALID', `${where} has ${JSON.stringify(key)}: ${JSON.stringify(value)?.slice(0, 60)}`, `Give ${expected(option)}.`);
    }
    checked[key] = option.type === 'text' && option.path && typeof listed === 'string' ? resolvePath(option, listed, from) : listed;
  }
  // Each value passed the schema made from the same row of the table as its type.
  const own = checked as Partial<Settings>;
  const { minLength, maxLength } = { ...run, ...own };
  if (minLength > maxLength) throw new SnvgError('LIST_INVALID', `${where}: the shortest clip (${minLength} s) would be longer than the longest (${maxLength} s)`, 'Give it both "minLength" and "maxLength".');
  return own;
}

/** Braces of the list's own folder are not fields of a template. */
function resolvePath(option: { template?: true }, value: string, from: string): string {
  return resolve(option.template ? from.replace(/[{}]/g, '$&$&') : from, value);
}
