import type { AddFlags } from '../commands/hosts.js';
import { type Flags, program, start, withSettings } from './program.js';

const hosts = program.command('hosts').description('Machines reached by SSH that do some of the work: add, test, keep up to date').addHelpText(
  'after',
  `
Hosts are reached by your own ssh, with your keys and your ~/.ssh/config: what \`ssh user@host\` reaches without asking, snvg reaches.

Examples:
  snvg hosts add ada@render1
  snvg process talk.mp4 --backend ssh
`,
);
withSettings(hosts.command('add').argument('<host>', '[user@]host[:port], or a name of your ssh config').description('Install snvg there, measure it, and use it from then on'), 'global', 'output')
  .option('--name <name>', 'what to call it (default: its host name)')
  .option('--slots <cores>', 'cores to use there at most (default: all)')
  .addHelpText('after', '\nExample:\n  snvg hosts add ada@render1:2222 --name big --slots 8\n')
  .action((destination: string, { name, slots, ...flags }: Flags) => start(flags, async (context) => (await import('../commands/hosts.js')).runHostsAdd(context, destination, { name, slots } as AddFlags)));
withSettings(hosts.command('list').description('The hosts that were added, and what they measured when they were tested'), 'global', 'output')
  .addHelpText('after', '\nExample:\n  snvg hosts list --json\n')
  .action((flags: Flags) => start(flags, async (context) => (await import('../commands/hosts.js')).runHostsList(context)));
withSettings(hosts.command('remove').argument('<host>').description('Use a host no longer'), 'global', 'output')
  .option('--uninstall', 'also remove what snvg put there', false)
  .addHelpText('after', '\nExample:\n  snvg hosts remove big --uninstall\n')
  .action((name: string, { uninstall, ...flags }: Flags) => start(flags, async (context) => (await import('../commands/hosts.js')).runHostsRemove(context, name, { uninstall: uninstall === true })));
withSettings(hosts.command('test').argument('[hosts...]').description('Connect, compare versions, measure network and speed with a small real task, say what is missing'), 'global', 'output')
  .addHelpText('after', '\nExample:\n  snvg hosts test\n')
  .action((names: string[], flags: Flags) => start(flags, async (context) => (await import('../commands/hosts.js')).runHostsTest(context, names)));
withSettings(hosts.command('install').argument('[hosts...]').description('Put this version of snvg there; only what is not there yet is sent'), 'global', 'output')
  .addHelpText('after', '\nExample:\n  snvg hosts install        after snvg was updated here\n')
  .action((names: string[], flags: Flags) => start(flags, async (context) => (await import('../commands/hosts.js')).runHostsInstall(context, names)));
