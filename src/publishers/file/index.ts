import { copyFile, lstat, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { SnvgError } from '../../errors.js';
import { PlatformFault } from '../faults.js';
import type { Finding, Lookup, Publication, PublicationStep, PublishableClip, PublishContext, Publisher } from '../publisher.js';
import { postText } from './post-text.js';

/** Name of the file that says which publication a folder holds. */
const markName = 'post.json';

/**
 * A folder laid out for uploading by hand: `<account>/<clip>/` with the video, its captions, a cover and the text
 * to paste. The account is the folder's absolute path; the handle is the clip's folder name. The clip's folder
 * appears whole, by one rename.
 */
export const filePublisher: Publisher = {
  id: 'file',
  name: 'folder',
  limits: { checkedOn: '2026-11-25', formats: ['vertical', 'square', 'wide'] },
  quotas: [],
  options: z.strictObject({}),
  auth: null,
  reach: 'local',

  account(text: string): string {
    if (text === '') throw new SnvgError('USAGE', 'The target file needs a folder', 'Name one: --to file:outbox');
    return resolve(text);
  },

  check(clip: PublishableClip): Finding[] {
    return clip.captions === null ? [{ rule: 'file.captions.missing', severity: 'adjusted', message: 'The clip has no caption files', remedy: 'Render with --captions to add them.' }] : [];
  },

  async advance(publication: Publication, context: PublishContext): Promise<PublicationStep> {
    const name = folderName(publication);
    if (name === undefined) return { state: 'prepared', handle: { folder: await freeName(publication, context.clip.stem) } };
    const folder = join(publication.account, name);
    const url = pathToFileURL(folder).href;
    const mark = await readMark(folder);
    if (mark && isOf(mark, publication)) return { state: 'published', url };
    // Somebody took the name meanwhile, or changed the mark: what lies there is left alone.
    if (mark) return { state: 'prepared', handle: { folder: await freeName(publication, context.clip.stem) } };
    if (publication.state === 'prepared') return { state: 'uploading' };
    await layOut(folder, publication, context);
    return { state: 'published', url };
  },

  async lookup(publication: Publication): Promise<Lookup> {
    const name = folderName(publication);
    if (name === undefined) return { absent: { state: 'claimed' } };
    const folder = join(publication.account, name);
    return (await holds(folder, publication)) ? { found: { state: 'published', url: pathToFileURL(folder).href } } : { absent: { state: 'prepared' } };
  },

  async cancel(publication: Publication): Promise<PublicationStep> {
    const name = folderName(publication);
    if (name !== undefined && (await holds(join(publication.account, name), publication))) {
      throw new PlatformFault('refused', { code: 'laid_out', message: `The clip lies in ${join(publication.account, name)} already`, remedy: 'Delete the folder if it should not be there.' });
    }
    await rm(partName(publication), { recursive: true, force: true });
    return { state: 'cancelled', handle: null };
  },
};

function folderName({ handle }: Publication): string | undefined {
  const name = handle?.['folder'];
  return typeof name === 'string' && name !== '' && basename(name) === name ? name : undefined;
}

/** The clip's own name, or with a number behind it when another clip has that folder. */
async function freeName(publication: Publication, stem: string): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const name = attempt === 1 ? stem : `${stem}-${attempt}`;
    const mark = await readMark(join(publication.account, name));
    if (mark === undefined || isOf(mark, publication)) return name;
  }
}

async function holds(folder: string, publication: Publication): Promise<boolean> {
  const mark = await readMark(folder);
  return mark !== undefined && isOf(mark, publication);
}

function isOf(mark: Mark, publication: Publication): boolean {
  return mark.key === publication.key && mark.revision === publication.revision;
}

const markSchema = z.object({ key: z.string(), revision: z.number() });
type Mark = z.infer<typeof markSchema>;

/** A folder whose mark is missing or says nothing sensible is somebody's own. */
const strangers: Mark = { key: '', revision: 0 };

/** Undefined when nothing is there. */
async function readMark(folder: string): Promise<Mark | undefined> {
  try {
    const mark = markSchema.safeParse(JSON.parse(await readFile(join(folder, markName), 'utf8')));
    return mark.success ? mark.data : strangers;
  } catch {
    return (await exists(folder)) ? strangers : undefined;
  }
}

async function exists(folder: string): Promise<boolean> {
  return lstat(folder).then(
    () => true,
    () => false,
  );
}

async function layOut(folder: string, publication: Publication, context: PublishContext): Promise<void> {
  const { clip, signal } = context;
  const temporary = partName(publication);
  try {
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary, { recursive: true });
    const files: [from: string, to: string][] = [
      [clip.videoPath, `${clip.stem}.mp4`],
      [clip.coverPath, 'cover.jpg'],
      ...(clip.captions ? ([[clip.captions.srt, `${clip.stem}.srt`], [clip.captions.vtt, `${clip.stem}.vtt`]] as [string, string][]) : []),
    ];
    for (const [index, [from, to]] of files.entries()) {
      signal.throwIfAborted();
      await copyFile(from, join(temporary, to));
      await sync(join(temporary, to));
      context.progress((index + 1) / files.length);
    }
    await writeFile(join(temporary, 'post.txt'), postText(clip));
    const { key, revision, title, sourceSha256, lineage, clipSha256 } = publication;
    await writeFile(join(temporary, markName), `${JSON.stringify({ key, revision, title, sourceSha256, lineage, clipSha256 }, null, 1)}\n`);
    await sync(join(temporary, markName));
    await rename(temporary, folder);
    await sync(publication.account);
  } catch (error) {
    // What could not be made may not be removable either; the first error is the one to show.
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
    throw explain(error, publication.account);
  }
}

/** Named by the key, so that a repeated step writes over its own leftovers and nobody else's. */
function partName(publication: Publication): string {
  return join(publication.account, `.${publication.key.slice(0, 16)}.part`);
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function explain(error: unknown, folder: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC') return new SnvgError('DISK_FULL', `No space left in ${folder}`, 'Free some space and publish again: clips already there are kept.', { cause: error });
  if (code === 'EACCES' || code === 'EROFS' || code === 'ENOTDIR' || code === 'EEXIST' || code === 'ENOTEMPTY') return new SnvgError('OUTPUT_UNWRITABLE', `Cannot write into ${folder}`, 'Choose a folder you may write to: --to file:<folder>', { cause: error });
  return error;
}
