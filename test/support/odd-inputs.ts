import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { madeOnce } from './made-once.js';

const recipe = resolve('fixtures/recipe/odd.sh');
const speech = resolve('fixtures/interview.mp4');

/** A folder with every odd input of fixtures/recipe/odd.sh, those with hostile names in `names/` (made in 7 s). */
export function oddInputs(): string {
  const version = execFileSync('ffmpeg', ['-version'], { encoding: 'utf8' });
  return madeOnce('odd-inputs', [readFileSync(recipe), readFileSync(resolve('fixtures/recipe/mp4edit.py')), version], (dir) => {
    execFileSync('bash', [recipe, dir, speech], { env: { ...process.env, NAMES: '1' }, stdio: ['ignore', 'ignore', 'inherit'] });
  });
}
