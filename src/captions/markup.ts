const named: Record<string, string> = {
  amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', lrm: '\u200e', rlm: '\u200f',
};
const entity = /&(?:(amp|lt|gt|quot|apos|nbsp|lrm|rlm)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));/g;
/** Only what is known to be markup goes: `<3` and `a < b` are text. */
const srtTag = /<\/?(?:i|b|u|s|c|v|em|strong|font|span|ruby|rt)(?:[\s.=][^<>]*)?\/?>|\{\\[^{}]*\}/gi;
const vttTag = /<\/?(?:i|b|u|c|v|lang|ruby|rt)(?:[\s.][^<>]*)?>|<(?:\d+:)?\d{1,2}:\d{2}\.\d{3}>/gi;
/** The reading above a word would be spoken twice. */
const rubyReading = /<rt(?:[\s.][^<>]*)?>[^<]*(?:<\/rt>|$)/gi;

/** Text of an SRT cue without styling tags, ASS overrides and entities. */
export function plainSrtText(text: string): string {
  return tidy(decodeEntities(text.replace(srtTag, '')));
}

/** Text of a VTT cue without tags (voices, classes, karaoke times, ruby readings) and entities. */
export function plainVttText(text: string): string {
  return tidy(decodeEntities(text.replace(rubyReading, '').replace(vttTag, '')));
}

/** Undone by `plainSrtText`: what would be read as markup becomes an entity, everything else stays as it is. */
export function escapeSrtText(text: string): string {
  return tidy(text)
    .replace(entity, (found) => `&amp;${found.slice(1)}`)
    .replace(srtTag, (found) => `&#${found.charCodeAt(0)};${found.slice(1)}`)
    .replaceAll('-->', '--&gt;');
}

/** Undone by `plainVttText`. */
export function escapeVttText(text: string): string {
  return tidy(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function decodeEntities(text: string): string {
  return text.replace(entity, (found, name?: string, decimal?: string, hex?: string) => {
    if (name !== undefined) return named[name] ?? found;
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    return code > 0 && code <= 0x10_ff_ff && !(code >= 0xd8_00 && code <= 0xdf_ff) ? String.fromCodePoint(code) : found;
  });
}

/** Lines trimmed, empty ones dropped: a blank line would end the cue. */
function tidy(text: string): string {
  return text
    .split(/\r\n|[\r\n\u0085\u2028\u2029\v\f]/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
}
