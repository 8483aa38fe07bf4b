import { readFileSync } from 'node:fs';
import { SnvgError } from '../errors.js';

/** Loading snvg's modules side by side takes about 140 (measured: 128 fail, 160 do); past that, node reports it as missing packages. */
const neededFiles = 200;

/**
 * Refuses a system limit under which snvg could not even load itself.
 * @throws {SnvgError} FILE_LIMIT
 */
export function requireOpenFiles(): void {
  if (process.platform !== 'linux') return;
  const allowed = Number(/^Max open files\s+(\d+)/m.exec(limits())?.[1] ?? Number.POSITIVE_INFINITY);
  if (allowed >= neededFiles) return;
  throw new SnvgError('FILE_LIMIT', `The system allows this process ${allowed} open files; ${neededFiles} are needed`, 'Allow more (ulimit -n 4096) and run again.');
}

function limits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}
