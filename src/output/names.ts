/** Longest file name stem in bytes: leaves room for `.vertical.mp4` and a temporary suffix below the 255 most file systems allow. */
const maxStemBytes = 180;

/** Characters Windows refuses in names, and control characters. */
const forbidden = /[<>:"/\\|?*\p{Cc}]/gu;

/**
 * `01-What-is-the-first-thing`: the clip's number and its title, Unicode kept (NFC), no character any common
 * file system refuses, at most 180 bytes and never cut inside a character.
 */
export function clipStem(index: number, title: string): string {
  const number = String(index).padStart(2, '0');
  const cleaned = title
    .normalize('NFC')
    .replace(forbidden, ' ')
    .replace(/[.,!?;…。、！？]+(?=\s|$)/g, '')
    .trim()
    .replace(/\s+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
  const room = maxStemBytes - number.length - 1;
  const short = cutToBytes(cleaned, room).replace(/[-.]+$/, '');
  return short === '' ? number : `${number}-${short}`;
}

/** The longest beginning of `text` that takes at most `maxBytes` in UTF-8, cut between graphemes. */
function cutToBytes(text: string, maxBytes: number): string {
  let kept = '';
  let bytes = 0;
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)) {
    bytes += Buffer.byteLength(segment);
    if (bytes > maxBytes) break;
    kept += segment;
  }
  return kept;
}

/** The default output folder's name: `talk.mp4` → `talk.snvg`. */
export function defaultFolderName(sourceFileName: string): string {
  const stem = sourceFileName.replace(/\.[^.]+$/, '') || sourceFileName;
  return `${cutToBytes(stem.normalize('NFC').replace(forbidden, ' ').trim(), maxStemBytes) || 'clips'}.snvg`;
}
