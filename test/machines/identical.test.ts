import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noRedis } from '../support/redis.js';
import { noOwnNetworks } from '../support/ssh-hosts.js';
import type { Field } from './field.js';
import { queueField } from './queue-field.js';
import { sshField } from './ssh-field.js';
import { briefTalk, leftoversBelow, outcomeOf, type Outcome, processesOf, startJob, taskRuns } from './whole-job.js';

const fields = [
  ['three hosts reached by SSH', sshField, noOwnNetworks],
  ['three workers at a queue', queueField, noRedis],
] as const;

const movable = ['transcribe.chunk', 'analyze.fine', 'render.clip'];

describe('a whole job', () => {
  let dir: string;
  let source: string;
  let alone: Outcome;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'snvg-machines-'));
    source = briefTalk(dir);
    expect(await startJob({ source, home: join(dir, 'alone'), args: [] }).ended).toMatchObject({ exitCode: 0 });
    alone = outcomeOf(join(dir, 'alone'));
  }, 240_000);
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  // Missing servers are an error in CI: ssh-hosts.ts and redis.ts throw there.
  describe.each(fields)('on %s', (_name, open, missing) => {
    let field: Field | undefined;
    beforeAll(async () => {
      if (missing === undefined) field = await open();
    }, 60_000);
    afterAll(() => field?.close(), 60_000);

    it.skipIf(missing !== undefined)(
      'gives what it gives on one machine, byte for byte, and leaves nothing behind',
      async () => {
        if (!field) throw new Error('there are no machines');
        await field.reset();
        const home = join(dir, field.name);
        expect(await startJob({ source, home, args: [...field.args, '--no-here'], env: field.env }).ended).toMatchObject({ exitCode: 0 });
        const outcome = outcomeOf(home);
        expect(outcome).toEqual(alone);
        expect(Object.keys(outcome.files).length).toBeGreaterThan(10);
        const runs = [...taskRuns(home).values()];
        for (const op of movable) expect(runs.filter((run) => run.op === op && run.hosts.every((host) => host !== undefined)).length, op).toBeGreaterThan(0);
        expect(runs.every(({ started, finished }) => started.length === 1 && finished.length === 1)).toBe(true);
        const names = new Set(runs.flatMap(({ hosts }) => hosts).filter((host) => host !== undefined));
        expect(names.size).toBeGreaterThan(field.namesApart ? 1 : 0);
        expect([home, ...field.folders].flatMap(leftoversBelow)).toEqual([]);
        const residents = field.residents();
        expect([home, ...field.marks].flatMap((mark) => [...processesOf(mark)].filter(([pid]) => !residents.has(pid)))).toEqual([]);
      },
      240_000,
    );
  });
});
