import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { SnvgError } from '../../errors.js';
import { shownName } from '../../media/ffmpeg.js';

/**
 * Refuses what no amount of reading would make a source, for the price of a stat.
 *
 * @throws {SnvgError} MEDIA_MISSING, MEDIA_NOT_A_FILE, MEDIA_EMPTY, MEDIA_UNREADABLE
 */
export async function checkFile(path: string): Promise<void> {
  const name = shownName(path);
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
    const cause = { cause: error };
    if (error.code === 'EACCES' || error.code === 'EPERM') throw new SnvgError('MEDIA_UNREADABLE', `The folder of ${name} may not be read`, 'Give yourself permission to it, or copy the file elsewhere.', cause);
    if (error.code === 'ENAMETOOLONG') throw new SnvgError('MEDIA_MISSING', `${name} is longer than a file name can be`, 'Check the path.', cause);
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') throw new SnvgError('MEDIA_MISSING', `There is no file ${name}`, 'Check the path; put names with spaces in quotes.', cause);
    throw new SnvgError('MEDIA_UNREADABLE', `${name} cannot be looked at (${error.code ?? error.message})`, 'Check the disk or network share it lies on.', cause);
  });
  if (info.isDirectory()) throw new SnvgError('MEDIA_NOT_A_FILE', `${name} is a folder`, `Name the video files in it, for example ${name}/*.mp4.`);
  if (!info.isFile()) throw new SnvgError('MEDIA_NOT_A_FILE', `${name} is not a regular file`, 'Save the stream to a file first: sources are read more than once.');
  if (info.size === 0) throw new SnvgError('MEDIA_EMPTY', `${name} is empty (0 bytes)`, 'Copy or download it again.');
  await access(path, constants.R_OK).catch((error: unknown) => {
    throw new SnvgError('MEDIA_UNREADABLE', `${name} may not be read by this user`, 'Give yourself permission to read it, for example with chmod u+r, or copy it as its owner.', { cause: error });
  });
}
