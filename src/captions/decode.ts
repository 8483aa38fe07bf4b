import { SnvgError } from '../errors.js';

/**
 * The text of a caption file: UTF-8 with or without BOM, or UTF-16 with BOM.
 *
 * @throws {SnvgError} CAPTIONS_INVALID for any other encoding: a guess would show wrong letters
 */
export function decodeCaptions(bytes: Uint8Array, name: string): string {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (error) {
    throw new SnvgError('CAPTIONS_INVALID', `${name} is not UTF-8 text`, 'Save the caption file as UTF-8 and run again.', { cause: error });
  }
}
