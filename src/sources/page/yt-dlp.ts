import { join, resolve } from 'node:path';
import { run, ToolFailure } from '../../process/run.js';
import type { FetchContext } from '../source.js';
import { explainYtDlp } from './explain.js';

const marks = { progress: 'snvg-progress', file: 'snvg-file' } as const;
/** Pages may be slow to answer, and joining picture and sound says nothing for a while. */
const stallMs = 300_000;

/**
 * Lets yt-dlp download the film of a page into a folder. Its own configuration applies; what is asked here on top is a picture no
 * larger than 1080p in common codecs first, one film of a playlist, and the place.
 *
 * @returns absolute path of the file
 * @throws {SnvgError} YTDLP_MISSING, YTDLP_TOO_OLD, SOURCE_NOT_MEDIA, SOURCE_NOT_FOUND, SOURCE_TOO_LARGE, REMOTE_REFUSED, REMOTE_UNAVAILABLE
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
        '--batch-file', '-',
      ],
      // On stdin, since everybody on the machine can read a command line: the address may let in.
      feed: async (write) => write(Buffer.from(`${request.url}\n`)),
      cwd: request.dir,
      signal: context.signal,
      stallMs,
      onStdoutLine: (line) => {
        if (line.startsWith(`${marks.file} `)) path = resolve(request.dir, line.slice(marks.file.length + 1));
        else if (line.startsWith(`${marks.progress} `)) tellProgress(line, context);
        else if (/^ERROR|larger than max-filesize/.test(line)) said.push(line);
      },
      onStderrLine: (line) => {
        if (/^ERROR|: error: /.test(line)) said.push(line);
      },
    });
  } catch (error) {
    throw error instanceof ToolFailure ? explainYtDlp({ said, shown: request.shown, notStarted: error.notStarted, cause: error }) : error;
  }
  if (path === undefined) throw explainYtDlp({ said, shown: request.shown });
  return path;
}

function tellProgress(line: string, context: FetchContext): void {
  const [done, total, estimate] = line.split(' ').slice(1).map(Number);
  if (done === undefined || !Number.isFinite(done)) return;
  context.progress(done, [total, estimate].find((bytes) => bytes !== undefined && Number.isFinite(bytes)));
}
