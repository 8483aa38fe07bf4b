import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oddInputs } from '../support/odd-inputs.js';
import { realPlanner, type RealPlanner } from '../support/real-planner.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { checkPassage } from './check-passage.js';
import { documentRow, inputsPage, rowsOf } from './document.js';
import type { ExpectedInput } from './expected.js';
import { goThrough } from './go-through.js';
import { realInputs } from './real-inputs.js';
import { recipeInputs } from './recipe-inputs.js';

const media = process.env['SNVG_TEST_MEDIA'];
const realFolder = media === undefined ? undefined : join(media, 'odd');
const page = resolve('docs/inputs.md');

let run: RealPlanner;
beforeAll(async () => {
  run = await realPlanner();
});
afterAll(() => run.close());

const made: string[] = [];
const real: string[] = [];

/** Takes one input through every stage, checks it against the truth, and writes its row of the page. */
async function check(path: string, expected: ExpectedInput, rows: string[]): Promise<void> {
  const [start, end] = expected.cut ?? [0.1, 1.1];
  const passage = await goThrough(run, path, { startUs: Math.round(start * 1e6), endUs: Math.round(end * 1e6) });
  rows.push(documentRow(expected, passage));
  await checkPassage(path, expected, passage);
}

function titleOf({ file, reported }: ExpectedInput): string {
  return reported === undefined ? file : `${file} (${reported})`;
}

describe('an odd input made by the recipe', () => {
  it.each(recipeInputs.map((input) => [titleOf(input), input] as const))('%s', (_title, input) => check(join(oddInputs(), input.file), input, made));
});

describe.skipIf(realFolder === undefined || !existsSync(realFolder))('an odd input of the real world (needs SNVG_TEST_MEDIA)', () => {
  it.each(realInputs.map((input) => [titleOf(input), input] as const))('%s', (_title, input) => {
    const path = join(realFolder ?? '', input.file);
    if (input.calledAs === undefined) return check(path, input, real);
    const renamed = join(temporaryFolder(), input.calledAs);
    copyFileSync(path, renamed);
    return check(renamed, input, real);
  });
});

it('docs/inputs.md tells what happened here', async () => {
  const documented = existsSync(page) ? readFileSync(page, 'utf8') : '';
  // Rows of files that are not here stay as they were when they were.
  await expect(inputsPage(made, real.length === realInputs.length ? real : rowsOf(documented, realInputs))).toMatchFileSnapshot(page);
});
