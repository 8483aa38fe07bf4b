import { readFile, stat } from 'node:fs/promises';
import { decodeCaptions } from '../../../captions/decode.js';
import { SnvgError } from '../../../errors.js';

/** A word list of a whole day is about 24 MB, captions of it 4 MB; more is something else. */
export const largestBytes = { list: 32_000_000, cues: 16_000_000 } as const;

/**
 * The text of a caption file or word list that a stranger may have written.
 *
 * @throws {SnvgError} CAPTIONS_INVALID when it is no plain file, too large, or not Unicode text
 */
export async function readCaptionText(path: string, name: string, most: number): Promise<string> {
  const info = await stat(path).catch(() => undefined);
  // A pipe under such a name would be waited for for ever.
  if (!info?.isFile()) throw new SnvgError('CAPTIONS_INVALID', `${name} is not a plain file`, 'Give a caption file, or remove it.');
  if (info.size > most) {
    throw new SnvgError('CAPTIONS_INVALID', `${name} has ${Math.round(info.size / 1e6)} MB, more than the ${most / 1e6} that captions of a whole day take`, 'Give the captions of this source alone, or remove the file.');
  }
  return decodeCaptions(await readFile(path), name);
}

/** Lists lie in objects in lists: nothing that is meant is nested deeper, and each level costs memory. */
const deepest = 32;

/** The value of a JSON text; undefined for what is no JSON or nested beyond any word list. */
export function parseShallowJson(text: string): unknown {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x5b || code === 0x7b) {
      depth += 1;
      if (depth > deepest) return undefined;
    } else if (code === 0x5d || code === 0x7d) depth -= 1;
  }
  try {
    return JSON.parse(text.replace(/^\ufeff/, '')) as unknown;
  } catch {
    return undefined;
  }
}
