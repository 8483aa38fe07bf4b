import { spawn } from 'node:child_process';
import { SnvgError } from '../errors.js';
import { holdsSecret } from '../secrets.js';

const openers: Readonly<Partial<Record<NodeJS.Platform, string>>> = { darwin: 'open', win32: 'explorer' };

/**
 * Opens a file with whatever the desktop uses for its kind. The program is the person's own: it is not marked as snvg's, stays when
 * snvg ends, and sees none of its secrets.
 * @throws {SnvgError} TOOL_FAILED when the desktop has no way to open files, or knows none for this one
 */
export async function openFile(path: string, env: NodeJS.ProcessEnv): Promise<void> {
  const opener = openers[process.platform] ?? 'xdg-open';
  const child = spawn(opener, [path], { detached: true, stdio: 'ignore', env: Object.fromEntries(Object.entries(env).filter(([name, value]) => !holdsSecret(name, value))) });
  child.unref();
  const failed = (why: string, cause?: unknown): SnvgError => new SnvgError('TOOL_FAILED', `${opener} cannot open ${path}: ${why}`, 'Open the file yourself.', { cause });
  await new Promise<void>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => reject(failed(error.code === 'ENOENT' ? 'it is not installed' : error.message, error)));
    child.once('exit', (code) => (code === 0 || opener === 'explorer' ? resolve() : reject(failed(`exit ${code ?? 'by a signal'}`))));
    // Some openers stay as long as the player does.
    setTimeout(resolve, 2000).unref();
  });
}
