import { extname } from 'node:path';

const longestBytes = 150;

/**
 * A name a stranger gave, as one safe file name: no folder, no control or direction sign, not hidden, at most 150 bytes, its ending kept.
 */
export function safeFileName(name: string): string {
  const plain = name
    .normalize('NFC')
    .replace(/[\\/]/g, '-')
    .replace(/[\p{Cc}\p{Cf}<>:"|?*]/gu, '')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^[.\-\s]+/, '');
  const ending = extname(plain).slice(0, 12);
  const stem = ending === '' ? plain : plain.slice(0, -ending.length);
  let short = '';
  for (const character of stem) {
    if (Buffer.byteLength(short + character) > longestBytes - Buffer.byteLength(ending)) break;
    short += character;
  }
  return `${short === '' ? 'video' : short}${ending}`;
}
