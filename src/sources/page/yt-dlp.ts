import { join, resolve } from 'node:path';
import { SnvgError } from '../../errors.js';
import { run, ToolFailure } from '../../process/run.js';
import type { FetchContext } from '../source.js';

const marks = { progress: 'snvg-progress', file: 'snvg-file' } as const;
/** Pages may be slow to answer, and joining picture and sound says nothing for a while. */
const stallMs = 300_000;

/**
 * Lets yt-dlp download the film of a page into a folder. Its own configuration applies; what is asked here on top is a picture no
 * larger than 1080p in common codecs first, one film of a playlist, and the place.
 *
 * @returns absolute path of the file
 * @throws {SnvgError} YTDLP_MISSING, SOURCE_NOT_MEDIA, SOURCE_NOT_FOUND, SOURCE_TOO_LARGE, REMOTE_REFUSED, REMOTE_UNAVAILABLE
 */
export async function runYtDlp(request: { url: string; shown: string; dir: string }, context: FetchContext): Promise<string> {
  let path: string | undefined;
  const said: string[] = [];
  try {
    await run({
      command: context.ytDlp,
      args: [
        '--newline', '--no-playlist', '--format-sort', 'res:1080,ext:mp4:m4a',
        '--max-filesize', String(context.maxBytes),
        '--download-archive', join(request.dir, 'archive.txt'),
        '--paths', `home:${request.dir}`, '--paths', `temp:${request.dir}`,
        '--output', '%(title).120B [%(id).40B].%(ext)s', '--windows-filenames',
        '--progress', '--progress-template', `download:${marks.progress} %(progress.downloaded_bytes)s %(progress.total_bytes)s %(progress.total_bytes_estimate)s`,
        '--print', `after_move:${marks.file} %(filepath)s`, '--no-simulate',
        '--', request.url,
      ],
      cwd: request.dir,
      signal: context.signal,
      stallMs,
      onStdoutLine: (line) => {
        if (line.startsWith(`${marks.file} `)) path = resolve(request.dir, line.slice(marks.file.length + 1));
        else if (line.startsWith(`${marks.progress} `)) tellProgress(line, context);
        else if (/^ERROR|larger than max-filesize/.test(line)) said.push(line);
      },
      onStderrLine: (line) => {
        if (line.startsWith('ERROR')) said.push(line);
      },
    });
  } catch (error) {
    throw error instanceof ToolFailure ? explain(error, said, request.shown) : error;
  }
  if (path === undefined) throw explain(undefined, said, request.shown);
  return path;
}

function tellProgress(line: string, context: FetchContext): void {
  const [done, total, estimate] = line.split(' ').slice(1).map(Number);
  if (done === undefined || !Number.isFinite(done)) return;
  context.progress(done, [total, estimate].find((bytes) => bytes !== undefined && Number.isFinite(bytes)));
}

function explain(failure: ToolFailure | undefined, said: readonly string[], shown: string): SnvgError {
  const cause = { cause: failure };
  if (failure?.notStarted) {
    return new SnvgError('YTDLP_MISSING', `${shown} is a page, and yt-dlp, which finds the film on it, is not installed`, 'Install yt-dlp (apt install yt-dlp, brew install yt-dlp, pip install yt-dlp), name it with --yt-dlp, or give the address of the film itself.', cause);
  }
  const text = said.join(' ');
  const reason = oneLine((said.at(-1) ?? 'it left no file').replace(/^ERROR:\s*/, ''));
  if (/larger than max-filesize/.test(text)) return new SnvgError('SOURCE_TOO_LARGE', `The film of ${shown} is larger than a download may be`, 'Allow more with --max-download, in gigabytes.', cause);
  if (/Unsupported URL|no video formats|No video/i.test(text)) return new SnvgError('SOURCE_NOT_MEDIA', `yt-dlp finds no film on ${shown}`, 'Check the address in a browser, or give the address of the film itself.', cause);
  if (/HTTP Error 40[14]|HTTP Error 410|unavailable|removed|does not exist/i.test(text) && !/HTTP Error 401/.test(text)) return new SnvgError('SOURCE_NOT_FOUND', `The film of ${shown} is not there: ${reason}`, 'Check the address in a browser.', cause);
  if (/private|sign in|log ?in|members|HTTP Error 40[13]|geo|not available in your|age/i.test(text)) return new SnvgError('REMOTE_REFUSED', `The film of ${shown} was refused: ${reason}`, 'Give yt-dlp your cookies in its own configuration, if you may see it.', cause);
  if (/Unable to download|timed out|resolve|Connection|Temporary|HTTP Error (5|429)/i.test(text)) return new SnvgError('REMOTE_UNAVAILABLE', `The film of ${shown} could not be downloaded: ${reason}`, 'Run again later: what has come is kept.', cause);
  return new SnvgError('SOURCE_NOT_MEDIA', `yt-dlp could not download ${shown}: ${reason}`, 'A newer yt-dlp may know how: sites change often. Or download the film by other means.', cause);
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim().slice(0, 200);
}
