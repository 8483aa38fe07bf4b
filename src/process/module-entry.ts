import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * The URL of a child's entry module beside the caller: compiled in an installed snvg, TypeScript in a checkout's tests.
 * @param name without extension: `./speech-worker`
 */
export function moduleEntry(name: string, importMetaUrl: string): URL {
  const extension = importMetaUrl.endsWith('.ts') ? '.ts' : '.js';
  return new URL(`${name}${extension}`, importMetaUrl);
}

/** Arguments for Node to run an entry module. A TypeScript entry needs a loader, found from here because the child's working directory is elsewhere. */
export function moduleArguments(entry: URL): string[] {
  const loader = entry.pathname.endsWith('.ts') ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href] : [];
  return [...loader, fileURLToPath(entry)];
}
