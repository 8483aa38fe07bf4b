import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { lookup } from 'node:dns/promises';
import { SnvgError } from '../../errors.js';
import { DownloadFolder } from '../download-folder.js';
import { isPublicAddress, privateAddress, requirePublicHost } from '../http/address-guard.js';
import type { FetchContext, InputRef, LocalInput, SourceKind } from '../source.js';
import { pageFolderNameOf } from '../url-input.js';
import { runYtDlp } from './yt-dlp.js';

/**
 * The film of a page, by yt-dlp: whole, since a section either begins at a keyframe before it or is encoded anew, and both would move cuts.
 * A page is downloaded once; its record keeps yt-dlp from asking for it again while the file is there.
 */
export const page: SourceKind = {
  fetch: async (ref: InputRef, context: FetchContext): Promise<LocalInput> => {
    const url = new URL(ref.secretUrl ?? ref.given);
    if (!context.allowPrivateNetwork) await requirePublic(url);
    const key = pageFolderNameOf(ref.given);
    return context.exclusive(key, async () => {
      const folder = new DownloadFolder(join(context.downloadsDir, key));
      await folder.make();
      if (context.fresh) await folder.clear();
      const finished = await folder.finished();
      if (finished) return { path: finished.path, name: finished.fileName };
      // The record outlived its file.
      await rm(join(folder.dir, 'archive.txt'), { force: true });
      const path = await runYtDlp({ url: url.href, shown: ref.given, dir: folder.dir }, context).finally(() => folder.removeIfEmpty());
      const fileName = basename(path);
      const { size } = await stat(path).catch(() => {
        throw new SnvgError('SOURCE_NOT_MEDIA', `yt-dlp left no file for ${ref.given}`, 'Run yt-dlp by itself to see what it does there.');
      });
      await folder.describeDone({ fileName, sizeBytes: size, validator: { etag: null, lastModified: null } });
      await removeParts(folder.dir, fileName);
      return { path, name: fileName };
    });
  },
};

/** yt-dlp connects by itself: the page's host can be checked, what its links lead to cannot. */
async function requirePublic(url: URL): Promise<void> {
  requirePublicHost(url);
  const addresses = await lookup(url.hostname.replace(/^\[|\]$/g, ''), { all: true }).catch(() => []);
  if (addresses.some(({ address }) => !isPublicAddress(address))) throw privateAddress(url.hostname);
}

async function removeParts(dir: string, keep: string): Promise<void> {
  for (const name of await readdir(dir)) {
    if (name !== keep && /\.(part|ytdl|temp)(-Frag\d+)?$|\.part\b/.test(name)) await rm(join(dir, name), { force: true });
  }
}
