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
 * @param where what to call their place in an error
 * @throws {SnvgError} LIST_INVALID for a key that does not exist or may not differ, or a value that does not fit
 */
export function inputSettings(given: Record<string, unknown>, where: string): Partial<Settings> {
  const own = (options as readonly OptionSpec[]).filter(({ group, key, flagOnly }) => !flagOnly && (groups.has(group) || alsoPlaced.has(key)));
  for (const [key, value] of Object.entries(given)) {
    const option = own.find((one) => one.key === key);
    if (!option) {
      const near = closest(key, own.map((one) => one.key));
      throw new SnvgError('LIST_INVALID', `${where} has the setting ${JSON.stringify(key)}, which ${near === undefined ? 'an input cannot have' : 'does not exist'}`, near === undefined ? `An input may have: input, ${own.map((one) => one.key).join(', ')}.` : `Did you mean "${near}"?`);
    }
    if (!valueSchema(option).safeParse(value).success) {
      throw new SnvgError('LIST_INVALID', `${where} has ${JSON.stringify(key)}: ${JSON.stringify(value)}`, `Give ${expected(option)}.`);
    }
  }
  // Each value passed the schema made from the same row of the table as its type.
  return given as Partial<Settings>;
}
