import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const repository = resolve(import.meta.dirname, '../..');

interface Row {
  number: number;
  tests: { file: string; title: string }[];
}

const rows: Row[] = readFileSync(join(repository, 'docs/faults.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, number, , , tests] = /^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/.exec(line) ?? [];
    if (number === undefined || tests === undefined) return [];
    return [{ number: Number(number), tests: [...tests.matchAll(/`([^`]+)`: ([^;]+?)(?=;|\s*$)/g)].map(([, file = '', title = '']) => ({ file, title })) }];
  });

it('tells of every fault once', () => {
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
});

it.each(rows)('fault $number has its tests', ({ tests }) => {
  expect(tests).not.toEqual([]);
  for (const { file, title } of tests) {
    const titles = [...readFileSync(join(repository, file), 'utf8').matchAll(/(?:\b(?:it|test)\b[^\n]*?|^\s*\]\))\(\s*(['"`])(.+?)\1,/gm)].map(([, , text]) => text);
    expect(titles.filter((text) => text?.includes(title)), `${title} in ${file}`).not.toEqual([]);
  }
});
