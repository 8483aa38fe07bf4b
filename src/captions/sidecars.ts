import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { FoundCaptions } from '../artifacts/schemas/source.js';


/** Larger than the words of a day of speech: not captions. */
const largestSidecar = 64 * 2 ** 20;
/** `talk.en.srt`, `talk.pt-BR.vtt`. */
const languageSuffix = /^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i;

/**
 * Caption files that lie in the folder of `path` under its name, best first: word times (`talk.json`), then cues (`talk.srt`, `talk.vtt`,
 * `talk.en.srt`). Whether a JSON file holds words of a known form is for its reader to say.
 */
export async function findSidecars(path: string): Promise<FoundCaptions[]> {
  const dir = dirname(path);
  const stem = basename(path, extname(path));
  const names = await readdir(dir).catch(() => []);
  const found: FoundCaptions[] = [];
  for (const name of names.toSorted()) {
    const kind = kindOf(name, stem);
    if (!kind || name === basename(path)) continue;
    const info = await stat(join(dir, name)).catch(() => undefined);
    if (info?.isFile() && info.size > 0 && info.size <= largestSidecar) found.push({ kind, origin: 'sidecar', name, streamIndex: null });
  }
  return found.toSorted((a, b) => Number(b.kind === 'words') - Number(a.kind === 'words') || a.name.length - b.name.length);
}

function kindOf(name: string, stem: string): FoundCaptions['kind'] | undefined {
  if (!name.startsWith(`${stem}.`)) return undefined;
  const extension = extname(name).toLowerCase();
  const between = name.slice(stem.length + 1, -extension.length || undefined).replace(/\.$/, '');
  if (extension === '.json') return name.length === stem.length + extension.length ? 'words' : undefined;
  if (extension !== '.srt' && extension !== '.vtt') return undefined;
  return name.length === stem.length + extension.length || languageSuffix.test(between) ? 'cues' : undefined;
}
