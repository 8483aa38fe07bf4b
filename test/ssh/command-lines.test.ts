import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agentCommand } from '../../src/pipeline/backends/ssh/agent-command.js';
import { formatDestination, parseDestination } from '../../src/pipeline/backends/ssh/destination.js';
import { quoted, sshArguments, sshExitArguments, sshSettingsArguments } from '../../src/pipeline/backends/ssh/ssh-command.js';
import { temporaryFolder } from '../support/temporary-folder.js';

describe('a destination', () => {
  it.each([
    ['render1', { user: undefined, host: 'render1', port: undefined }],
    ['ada@render1.example.org:2222', { user: 'ada', host: 'render1.example.org', port: 2222 }],
    ['fd00::7', { user: undefined, host: 'fd00::7', port: undefined }],
    ['ada@[fd00::7]:2222', { user: 'ada', host: 'fd00::7', port: 2222 }],
    ['[::1]', { user: undefined, host: '::1', port: undefined }],
    ['fe80::1%eth0', { user: undefined, host: 'fe80::1%eth0', port: undefined }],
    ['ada@corp.example@jump', { user: 'ada@corp.example', host: 'jump', port: undefined }],
  ])('%s', (text, expected) => {
    expect(parseDestination(text)).toEqual(expected);
  });

  it.each(['', '-oProxyCommand=touch /tmp/pwned', 'ada@-oProxyCommand=x', '-ada@host', 'a b', 'host;id', 'host$(id)', 'host`id`', "host'", 'host\nid', 'ada;id@host', 'ho%st', 'host:', 'host:0', 'host:65536', 'host:22x', '[::1]x', '@host', 'user@', 'x'.repeat(400), '../etc', 'a/b', 'host|id', 'ada@ho st'])(
    'refuses %j as a usage error',
    (text) => {
      expect(() => parseDestination(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
    },
  );

  it('whatever is taken is written and read back the same, and never begins like an option or holds what a shell reads', () => {
    const letters = fc.string({ unit: fc.constantFrom(...'abz09.-_@:[]%$`;|&<>()\'"\\ \n*?~#!{}=,+/') , maxLength: 24 });
    fc.assert(
      fc.property(letters, (text) => {
        let destination;
        try {
          destination = parseDestination(text);
        } catch {
          return;
        }
        expect(parseDestination(formatDestination(destination))).toEqual(destination);
        for (const word of [destination.host, destination.user ?? 'x']) expect(word).toMatch(/^[A-Za-z0-9_:.][^\s$`;|&<>()'"\\*?~#!{}=,/]*$/);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('the arguments of ssh', () => {
  const destination = { user: 'ada', host: 'render1', port: 2222 };

  it('ask nothing, notice a cut, and name the host behind --', () => {
    const args = sshArguments({ destination, sharing: { controlPath: '/run/user/1/s' } }, 'exec true');
    expect(args.slice(-3)).toEqual(['--', 'render1', 'exec true']);
    for (const option of ['BatchMode=yes', 'ConnectTimeout=10', 'ServerAliveInterval=5', 'ServerAliveCountMax=3', 'ClearAllForwardings=yes', 'ControlMaster=auto', 'ControlPath=/run/user/1/s', 'RemoteCommand=none']) expect(args).toContain(option);
    expect(args).toEqual(expect.arrayContaining(['-T', '-a', '-x', '-l', 'ada', '-p', '2222']));
  });

  it('leave the sharing of connections to the person, or switch it off', () => {
    expect(sshArguments({ destination, sharing: 'as-configured' }, 'true').join(' ')).not.toContain('Control');
    expect(sshArguments({ destination, sharing: 'none' }, 'true')).toEqual(expect.arrayContaining(['ControlMaster=no', 'ControlPath=none']));
    expect(sshExitArguments(destination, '/s').slice(-3)).toEqual(['2222', '--', 'render1']);
  });

  it('are understood by the ssh that is installed: a hostile name stays a name', () => {
    const settings = spawnSync('ssh', ['-F', 'none', ...sshSettingsArguments({ user: undefined, host: '-oPort=7', port: undefined })], { encoding: 'utf8' });
    expect(settings.stdout).not.toMatch(/^port 7$/m);
    const ours = spawnSync('ssh', ['-F', 'none', '-G', ...sshArguments({ destination, sharing: 'none' }, 'true')], { encoding: 'utf8' });
    expect(ours.stderr).toBe('');
    expect(ours.stdout).toMatch(/^user ada$/m);
    expect(ours.stdout).toMatch(/^batchmode yes$/m);
    expect(ours.stdout).toMatch(/^forwardagent no$/m);
    expect(ours.stdout).toMatch(/^requesttty (?:no|false)$/m);
  });
});

const run = (home: string, command: string, path = '/usr/bin:/bin') => spawnSync('/bin/sh', ['-c', command], { env: { HOME: home, PATH: path }, encoding: 'utf8' });

describe('the command that starts an agent', () => {
  const program = '1.2.3-0123456789abcdef';

  it('takes the installed version before the one on the PATH, and says when there is none', () => {
    const home = temporaryFolder();
    const bin = join(home, 'bin');
    mkdirSync(bin);
    const none = run(home, agentCommand(program));
    expect([none.status, none.stderr]).toEqual([127, 'snvg-is-not-here\n']);
    writeFileSync(join(bin, 'snvg'), '#!/bin/sh\necho path "$@"\n', { mode: 0o755 });
    expect(run(home, agentCommand(program), `${bin}:/usr/bin:/bin`).stdout).toBe('path worker --stdio\n');
    const folder = join(home, '.local/share/snvg', program);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'snvg'), '#!/bin/sh\necho installed "$@"\n');
    chmodSync(join(folder, 'snvg'), 0o755);
    expect(run(home, agentCommand(program), `${bin}:/usr/bin:/bin`).stdout).toBe('installed worker --stdio\n');
    expect(run(home, agentCommand(undefined), `${bin}:/usr/bin:/bin`).stdout).toBe('path worker --stdio\n');
  });

  it('takes no name that is not one of its own', () => {
    for (const name of ["x'; id; '", '../../bin-0123456789abcdef', '1.2.3', '-0123456789abcdef']) expect(() => agentCommand(name)).toThrow();
  });

  it('quotes any word so that a shell gives it back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', maxLength: 40 }), (word) => {
        expect(spawnSync('/bin/sh', ['-c', `printf %s ${quoted(word)}`], { encoding: 'utf8' }).stdout).toBe(word);
      }),
      { numRuns: 60 },
    );
  });
});
