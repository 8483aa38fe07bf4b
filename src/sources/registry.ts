import { basename, join } from 'node:path';
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
  return (await kinds[ref.kind]()).fetch(ref, context);
}

/** The copy of an input that an earlier run downloaded, without asking whether it is still the present one. */
export async function downloadedInput(ref: InputRef, downloadsDir: string): Promise<LocalInput | undefined> {
  for (const name of [folderNameOf(ref.given), pageFolderNameOf(ref.given)]) {
    const finished = await new DownloadFolder(join(downloadsDir, name)).finished();
    if (finished) return { path: finished.path, name: finished.fileName };
  }
  return undefined;
}
