import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A folder of the machine's temporary one that is filled once for everything that has gone into it. Tests that ask at the same time may
 * both fill one: the first to finish is taken.
 *
 * @param madeOf whatever decides the contents: recipes, versions of programs
 */
export function madeOnce(name: string, madeOf: readonly (string | Buffer)[], fill: (dir: string) => void): string {
  const hash = createHash('sha256');
  for (const part of madeOf) hash.update(part);
  const dir = join(tmpdir(), `snvg-${name}-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(dir)) return dir;
  const making = mkdtempSync(`${dir}-`);
  fill(making);
  try {
    renameSync(making, dir);
  } catch (error) {
    if (!existsSync(dir)) throw error;
    rmSync(making, { recursive: true, force: true });
  }
  return dir;
}
