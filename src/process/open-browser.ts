import { spawnForPerson } from './child.js';

/** The command by which a system opens an address in the person's browser. */
function opener(): { command: string; args: string[] } {
  if (process.platform === 'darwin') return { command: 'open', args: [] };
  if (process.platform === 'win32') return { command: 'rundll32', args: ['url.dll,FileProtocolHandler'] };
  return { command: 'xdg-open', args: [] };
}

/** Opens an http(s) address in the person's browser. False: there is nothing to open it with. */
export async function openBrowser(url: string, cwd: string): Promise<boolean> {
  if (!/^https?:\/\//.test(url)) return false;
  const { command, args } = opener();
  return spawnForPerson(command, [...args, url], cwd);
}
