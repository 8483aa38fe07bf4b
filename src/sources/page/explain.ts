import { SnvgError, type ErrorCode } from '../../errors.js';

interface Reason {
  /** What yt-dlp says, in the words of 2023 to 2025. */
  says: RegExp;
  code: ErrorCode;
  message(shown: string, reason: string): string;
  remedy: string;
}

/** Looked through in this order: what passes by itself before what does not, since sites word both alike. */
const reasons: readonly Reason[] = [
  {
    says: /no such option|ambiguous option/i,
    code: 'YTDLP_TOO_OLD',
    message: (_shown, reason) => `This yt-dlp is too old: ${reason}`,
    remedy: 'Install one of 2023 or later (pip install -U yt-dlp, or yt-dlp -U), or name another with --yt-dlp.',
  },
  {
    says: /larger than max-filesize/i,
    code: 'SOURCE_TOO_LARGE',
    message: (shown) => `The film of ${shown} is larger than a download may be`,
    remedy: 'Allow more with --max-download, in gigabytes.',
  },
  {
    says: /No space left/i,
    code: 'DISK_FULL',
    message: (shown) => `No space is left for the film of ${shown}`,
    remedy: 'Free some space, or keep downloads on another disk with SNVG_HOME or XDG_CACHE_HOME.',
  },
  {
    says: /HTTP Error (5\d\d|408|425|429)|timed? ?out|Temporary failure|Name or service not known|getaddrinfo|Connection (refused|reset|aborted)|Network is unreachable|Remote end closed|IncompleteRead|Failed to resolve/i,
    code: 'REMOTE_UNAVAILABLE',
    message: (shown, reason) => `The film of ${shown} could not be downloaded: ${reason}`,
    remedy: 'Run again later: what has come is kept.',
  },
  {
    says: /\bprivate\b|sign in|log(ged)?[- ]?in\b|members[- ]only|\bmembers\b|HTTP Error 40[13]|geo[- ]?restrict|available (in|from) your|age[- ]restricted|confirm your age|\bDRM\b|cookies|premium|paid/i,
    code: 'REMOTE_REFUSED',
    message: (shown, reason) => `The film of ${shown} was refused: ${reason}`,
    remedy: 'Give yt-dlp your cookies in its own configuration, if you may see it.',
  },
  {
    says: /Unsupported URL|no video formats|no video could be found|No video\b|is not a valid URL/i,
    code: 'SOURCE_NOT_MEDIA',
    message: (shown) => `yt-dlp finds no film on ${shown}`,
    remedy: 'Check the address in a browser, or give the address of the film itself.',
  },
  {
    says: /HTTP Error (404|410)|unavailable|removed|deleted|does not exist|no longer available|not available/i,
    code: 'SOURCE_NOT_FOUND',
    message: (shown, reason) => `The film of ${shown} is not there: ${reason}`,
    remedy: 'Check the address in a browser.',
  },
];

/**
 * What yt-dlp's failure means for a person.
 * @param said its error lines, in order
 * @param shown the page's address as it may be shown
 */
export function explainYtDlp({ said, shown, notStarted, cause }: { said: readonly string[]; shown: string; notStarted?: boolean; cause?: unknown }): SnvgError {
  if (notStarted) {
    return new SnvgError('YTDLP_MISSING', `${shown} is a page, and yt-dlp, which finds the film on it, is not installed`, 'Install yt-dlp (apt install yt-dlp, brew install yt-dlp, pip install yt-dlp), name it with --yt-dlp, or give the address of the film itself.', { cause });
  }
  const text = said.join(' ');
  const reason = shortly(said.at(-1) ?? 'it left no file');
  const known = reasons.find(({ says }) => says.test(text));
  if (known) return new SnvgError(known.code, known.message(shown, reason), known.remedy, { cause });
  return new SnvgError('SOURCE_NOT_MEDIA', `yt-dlp could not download ${shown}: ${reason}`, 'A newer yt-dlp may know how: sites change often. Or download the film by other means.', { cause });
}

/** The reason without the parts that are for yt-dlp's own reports; an address in it may hold what lets in. */
function shortly(line: string): string {
  const plain = line.replace(/^ERROR:\s*(\[[^\]]*\]\s*)?/, '').replace(/;? please report this issue on.*$|\(caused by.*$|See {2}https:.*$/i, '');
  return plain
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/https?:\/\/\S+/g, 'its address')
    .trim()
    .slice(0, 200);
}
