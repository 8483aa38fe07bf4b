import type { OptionSpec } from './options.js';

/** What a setting takes, in words: "a whole number from 1 to 50". */
export function expected(option: OptionSpec): string {
  switch (option.type) {
    case 'boolean':
      return 'true or false';
    case 'integer':
      return `a whole number from ${option.min} to ${option.max}`;
    case 'number':
      return `a number from ${option.min} to ${option.max}`;
    case 'choice':
      return `one of ${option.choices.join(', ')}`;
    case 'list':
      return option.choices ? `a list of ${option.choices.join(', ')}` : `a list of ${option.placeholder}s`;
    case 'map':
      return option.expects;
    case 'text':
      return option.expects ?? (option.path ? `a path` : 'text');
  }
}
