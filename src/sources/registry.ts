import { basename, join } from 'node:path';
import { SnvgError } from '../errors.js';
import { DownloadFolder } from './download-folder.js';
import type { FetchContext, InputKind, InputRef, LocalInput, SourceKind } from './source.js';
import { folderNameOf, pageFolderNameOf } from './url-input.js';

/** The one registry of kinds. A kind is loaded when an input of it is fetched: the network's packages are heavy. */
const kinds: Record<Exclude<InputKind, 'file'>, () => Promise<SourceKind>> = {
  http: async () => (await import('./http/index.js')).http,
  page: async () => (await import('./page/index.js')).page,
  s3: async () => (await import('./s3/index.js')).s3,
};

/**
 * Brings an input to this disk; a local file is there already.
 * @throws {SnvgError} as the kind's `fetch`
 */
export async function fetchInput(ref: InputRef, context: FetchContext): Promise<LocalInput> {
  if (ref.kind === 'file') return { path: ref.given, name: basename(ref.given) };
  if (ref.incomplete) return earlierCopy(ref, context);
  return (await kinds[ref.kind]()).fetch(ref, context);
}

async function earlierCopy(ref: InputRef, { downloadsDir, notice }: FetchContext): Promise<LocalInput> {
  const copy = await downloadedInput(ref, downloadsDir);
  if (!copy) throw new SnvgError('USAGE', `The address ${ref.given} had a password or a signature in it, which is never kept`, 'Run the command with the whole address again: it goes on with the same job.');
  notice({ code: 'SOURCE_UNCHECKED', severity: 'info', message: `Whether ${ref.given} has changed was not asked, since its password or signature is never kept; the copy downloaded earlier is used`, remedy: 'Run the command with the whole address again to ask.' });
  return copy;
}

/** Names of the folders an input may have among the downloads: an address may be a file or a page. */
export function downloadNamesOf(given: string): string[] {
  return [folderNameOf(given), pageFolderNameOf(given)];
}

/** The copy of an input that an earlier run downloaded, without asking whether it is still the present one. */
export async function downloadedInput(ref: InputRef, downloadsDir: string): Promise<LocalInput | undefined> {
  for (const name of downloadNamesOf(ref.given)) {
    const finished = await new DownloadFolder(join(downloadsDir, name)).finished();
    if (finished) return { path: finished.path, name: finished.fileName };
  }
  return undefined;
}
