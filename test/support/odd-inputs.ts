import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const recipe = resolve('fixtures/recipe/odd.sh');
const speech = resolve('fixtures/interview.mp4');

/**
 * A folder with every odd input of fixtures/recipe/odd.sh, those with hostile names in `names/`. Made once per machine, recipe
 * and ffmpeg (7 s); test files that ask at the same time may both make it, and the first to finish is taken.
 */
export function oddInputs(): string {
  const version = execFileSync('ffmpeg', ['-version'], { encoding: 'utf8' });
  const key = createHash('sha256').update(readFileSync(recipe)).update(readFileSync(resolve('fixtures/recipe/mp4edit.py'))).update(version).digest('hex').slice(0, 16);
  const dir = join(tmpdir(), `snvg-odd-inputs-${key}`);
  if (existsSync(dir)) return dir;
  const making = mkdtempSync(`${dir}-`);
  execFileSync('bash', [recipe, making, speech], { env: { ...process.env, NAMES: '1' }, stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    renameSync(making, dir);
  } catch (error) {
    if (!existsSync(dir)) throw error;
    rmSync(making, { recursive: true, force: true });
  }
  return dir;
}
