import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import type { Source } from '../../../artifacts/schemas/source.js';
import { SnvgError } from '../../../errors.js';
import { largestBytes, parseShallowJson, readCaptionText } from './caption-text.js';

/** Captions that may stand in for recognition. */
export type FoundCaptions = {
  /** Shown to people. */
  name: string;
  /** As the file or its name says; null when neither does. */
  language: string | null;
} & ({ kind: 'words' | 'cues'; path: string } | { kind: 'track'; streamIndex: number });

/**
 * Captions that lie beside the source under its name, or inside it, best first: `talk.json` with word times, then
 * `talk.srt`, `talk.vtt`, `talk.en.srt`…, then text tracks.
 *
 * @param wanted language code, or `auto`: among several files the one marked with it comes first
 */
export async function findCaptions(dir: string, sourcePath: string, source: Source, wanted: string): Promise<FoundCaptions[]> {
  const stem = basename(sourcePath, extname(sourcePath));
  const names: string[] = await readdir(dir).catch(() => []);
  const found: FoundCaptions[] = [];
  const json = `${stem}.json`;
  const list = names.includes(json) ? await peekWordList(join(dir, json)) : undefined;
  if (list) found.push({ kind: 'words', path: join(dir, json), name: json, language: list.language });
  const marked = names.flatMap((name) => {
    const mark = markOf(name, stem);
    return mark === undefined ? [] : [{ name, mark }];
  });
  const rank = ({ mark }: { mark: string }): number => (mark === wanted ? 0 : mark === '' ? 1 : 2);
  for (const { name, mark } of marked.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1))) {
    if (!(await stat(join(dir, name)).catch(() => undefined))?.isFile()) continue;
    found.push({ kind: 'cues', path: join(dir, name), name, language: mark === '' ? null : mark });
  }
  for (const { streamIndex, name } of source.captions) {
    if (streamIndex !== null) found.push({ kind: 'track', streamIndex, name, language: null });
  }
  return found;
}

/**
 * Captions that a person named, whatever they are called.
 *
 * @throws {SnvgError} CAPTIONS_INVALID when the file is missing or of no form that is read
 */
export async function givenCaptions(path: string): Promise<FoundCaptions> {
  const name = basename(path);
  const remedy = 'Give a word list (.json), SRT (.srt) or WebVTT (.vtt) file; docs/captions.md shows the forms.';
  if (!(await stat(path).catch(() => undefined))?.isFile()) throw new SnvgError('CAPTIONS_INVALID', `There is no file ${path}`, remedy);
  if (/\.(srt|vtt)$/i.test(name)) return { kind: 'cues', path, name, language: null };
  const list = await peekWordList(path);
  if (!list) throw new SnvgError('CAPTIONS_INVALID', `${name} is neither a word list nor a caption file`, remedy);
  return { kind: 'words', path, name, language: list.language };
}

/** `talk.srt` → '', `talk.en.vtt` → 'en'; undefined for other files. */
function markOf(name: string, stem: string): string | undefined {
  if (!name.startsWith(`${stem}.`)) return undefined;
  const match = /^(?:([a-z]{2,3})(?:-[A-Za-z]+)?\.)?(?:srt|vtt)$/.exec(name.slice(stem.length + 1));
  return match ? (match[1] ?? '') : undefined;
}

/**
 * Whether a JSON file means to be a word list: many tools leave other JSON under a video's name, which is no fault of it.
 * Whether the list is valid is found out when it is read.
 */
async function peekWordList(path: string): Promise<{ language: string | null } | undefined> {
  try {
    const value = parseShallowJson(await readCaptionText(path, basename(path), largestBytes.list));
    if (typeof value !== 'object' || value === null) return undefined;
    const isList = ('words' in value && Array.isArray(value.words)) || ('segments' in value && Array.isArray(value.segments));
    return isList ? { language: 'language' in value && typeof value.language === 'string' && /^[a-z]{2,3}$/.test(value.language) ? value.language : null } : undefined;
  } catch {
    return undefined;
  }
}
