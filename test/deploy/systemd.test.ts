import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';

const units = ['snvg-publish.service', 'snvg-publish.timer', 'snvg-coordinate.service', 'snvg-worker.service'].map((name) => resolve(import.meta.dirname, '../../deploy/systemd', name));
const lacksSystemd = spawnSync('systemd-analyze', ['--version']).error !== undefined;

it.runIf(process.env['CI'] === 'true')('CI has systemd', () => {
  expect(lacksSystemd).toBe(false);
});

describe.skipIf(lacksSystemd)(`the units${lacksSystemd ? ' (skipped: systemd-analyze is not installed)' : ''}`, () => {
  it.each(['--system', '--user'])('systemd has nothing to say against them (%s)', (which) => {
    // As a session has it: without, the manager of a user does not start.
    const verified = spawnSync('systemd-analyze', [which, 'verify', ...units], { encoding: 'utf8', env: { ...process.env, XDG_RUNTIME_DIR: temporaryFolder() } });
    expect(verified.stderr).toBe('');
    expect(verified.status).toBe(0);
  });

  it('the timer comes every five minutes', () => {
    const times = /^OnCalendar=(.+)$/m.exec(readFileSync(units[1]!, 'utf8'))?.[1] ?? '';
    const shown = spawnSync('systemd-analyze', ['calendar', '--base-time=2026-12-01 17:58:00 UTC', '--iterations=3', times], { encoding: 'utf8', env: { ...process.env, TZ: 'UTC' } });
    expect([...shown.stdout.matchAll(/2026-12-01 (\d\d:\d\d:\d\d)/g)].map(([, time]) => time)).toEqual(['18:00:00', '18:05:00', '18:10:00']);
  });
});

it.each([
  [0, 'publish --due', '--due'],
  [2, 'coordinate', '--once'],
  [3, 'worker', '--queue'],
])('service %i starts a command that there is: %s', (unit, started, option) => {
  const command = /^ExecStart=\/usr\/bin\/env snvg (.+)$/m.exec(readFileSync(units[unit]!, 'utf8'))?.[1];
  expect(command).toBe(started);
  const help = spawnSync(process.execPath, [join(import.meta.dirname, '../../bin/snvg.js'), started.split(' ')[0]!, '--help'], { encoding: 'utf8' });
  expect(help.stdout).toContain(option);
});
