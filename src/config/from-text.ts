import type { OptionSpec } from './options.js';

const booleans: Record<string, boolean> = { true: true, yes: true, on: true, 1: true, false: false, no: false, off: false, 0: false };

/**
 * The value a flag or environment variable stands for. Text that cannot be read as the option's type is returned unchanged,
 * so that validation refuses it and shows it as it was given. Names in a closed list may be separated by commas;
 * an open list given by flags is one value per flag (folder names may hold commas), by an environment variable comma-separated.
 * A map is JSON.
 */
export function fromText(option: OptionSpec, given: unknown, source: 'flag' | 'env'): unknown {
  if (option.type === 'list') {
    const parts = Array.isArray(given) ? (given as unknown[]) : [given];
    const split = option.choices !== undefined || source === 'env';
    return parts.flatMap((part) => (typeof part === 'string' && split ? part.split(',').map((name) => name.trim()) : [part]));
  }
  if (typeof given !== 'string') return given;
  switch (option.type) {
    case 'boolean':
      return booleans[given.trim().toLowerCase()] ?? given;
    case 'integer':
    case 'number':
      return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(given.trim()) ? Number(given) : given;
    case 'map':
      return fromJson(given);
    default:
      return given;
  }
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
