import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { ExitCode, errorCodes, SnvgError } from '../../src/errors.js';

const document = readFileSync(resolve(import.meta.dirname, '../../docs/errors.md'), 'utf8');

it('docs/errors.md lists every error code with its exit code', () => {
  const documented = [...document.matchAll(/^\| `([A-Z_]+)` \| (\d+) \|/gm)].map(([, code, exit]) => `${code} ${exit}`);
  const inProgram = errorCodes.map((code) => `${code} ${new SnvgError(code, '', '').exitCode}`);
  expect(documented.toSorted()).toEqual(inProgram.toSorted());
});

it('docs/errors.md explains every exit code', () => {
  const documented = [...document.matchAll(/^\| (\d+) \| [^|]/gm)].map(([, exit]) => Number(exit));
  expect(documented).toEqual(Object.values(ExitCode).toSorted((a, b) => a - b));
});
