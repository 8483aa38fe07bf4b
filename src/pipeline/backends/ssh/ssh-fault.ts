import { SnvgError } from '../../../errors.js';
import { PlaceFault, type Blame } from '../place.js';

/** Why a command on a host came to nothing. */
export interface SshFault {
  kind: 'unknown-host' | 'host-key' | 'permission' | 'timeout' | 'unreachable' | 'refused' | 'cut' | 'sharing' | 'own-config' | 'no-ssh' | 'other';
  blame: Blame;
  message: string;
  remedy: string;
  /** Trying again may help without anybody doing anything. */
  retryable: boolean;
}

type Kind = Pick<SshFault, 'kind' | 'blame' | 'retryable'> & { pattern: RegExp; message: string; remedy: string };

/** What OpenSSH says in the C locale, the most telling first; `HOST` stands for the host. */
const kinds: readonly Kind[] = [
  { kind: 'sharing', blame: 'network', retryable: true, pattern: /mux_client|multiplex|ControlPath|ControlSocket|control socket|unix_listener|muxclient/i, message: 'A shared connection with HOST could not be used', remedy: 'It is tried again on its own.' },
  { kind: 'own-config', blame: 'host', retryable: false, pattern: /Bad configuration option|bad configuration options|Bad owner or permissions|: line \d+:/i, message: 'Your ssh config cannot be used', remedy: 'Try `ssh HOST` by hand and mend what it complains of in ~/.ssh/config.' },
  { kind: 'unknown-host', blame: 'network', retryable: true, pattern: /Could not resolve hostname/i, message: 'HOST is not known by this name', remedy: 'Check the name, or give its address; `ssh HOST` must work by hand.' },
  { kind: 'host-key', blame: 'host', retryable: false, pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for .* has changed/i, message: 'HOST shows another key than it used to: it was set up anew, or is not the machine you mean', remedy: 'If you know why, forget the old key with `ssh-keygen -R HOST` and connect once by hand with `ssh HOST`.' },
  { kind: 'host-key', blame: 'host', retryable: false, pattern: /Host key verification failed|No .* host key is known/i, message: 'HOST’s key is not known here', remedy: 'Connect once by hand with `ssh HOST` and compare the fingerprint it shows.' },
  { kind: 'permission', blame: 'host', retryable: false, pattern: /UNPROTECTED PRIVATE KEY/i, message: 'A private key for HOST may be read by others, so ssh does not use it', remedy: 'Take the others’ rights away: chmod 600 on the key file, then run again.' },
  { kind: 'permission', blame: 'host', retryable: false, pattern: /Permission denied|Too many authentication failures|no mutual signature|sign_and_send_pubkey/i, message: 'HOST does not let you in with your key', remedy: 'Copy your key there with `ssh-copy-id HOST`, or unlock it with `ssh-add`: snvg cannot type passwords.' },
  { kind: 'timeout', blame: 'network', retryable: true, pattern: /timed out|not responding|Timeout/i, message: 'HOST does not answer', remedy: 'Check that it is switched on, that the network leads there, and no firewall drops port 22.' },
  { kind: 'unreachable', blame: 'network', retryable: true, pattern: /No route to host|Network is unreachable|Host is down|Can't assign/i, message: 'No network leads to HOST', remedy: 'Check that it is switched on and that this machine is on its network (a VPN?).' },
  { kind: 'refused', blame: 'network', retryable: true, pattern: /Connection refused/i, message: 'No SSH server answers on HOST', remedy: 'Start it there (Debian: sudo apt-get install openssh-server; macOS: Remote Login in the sharing settings), or name its port: HOST:2222.' },
  { kind: 'cut', blame: 'network', retryable: true, pattern: /Connection (?:closed|reset)|Broken pipe|kex_exchange_identification|Connection to .* closed|closed by remote/i, message: 'The connection with HOST broke off', remedy: 'Run again; if it repeats, look into the log of the SSH server there.' },
];

/**
 * What it means that `ssh` ended like this; undefined when it was the command on the host that ended so.
 *
 * @param exitCode 255 is ssh's own, but a command may end with it too: only then its words decide
 */
export function sshFaultOf(host: string, end: { exitCode: number | undefined; stderrTail: readonly string[]; failure?: string | undefined }): SshFault | undefined {
  const named = ({ kind, blame, retryable, message, remedy }: Omit<Kind, 'pattern'>, said = ''): SshFault => ({ kind, blame, retryable, message: `${message.replaceAll('HOST', host)}${said === '' ? '' : ` (${said})`}`, remedy: remedy.replaceAll('HOST', host) });
  if (end.failure !== undefined) return named({ kind: 'no-ssh', blame: 'host', retryable: false, message: `ssh cannot be started: ${end.failure}`, remedy: 'Install the OpenSSH client (Debian: sudo apt-get install openssh-client).' });
  if (end.exitCode !== 255) return undefined;
  for (const kind of kinds) {
    const line = end.stderrTail.find((text) => kind.pattern.test(text));
    if (line !== undefined) return named(kind, trimmed(line));
  }
  const last = end.stderrTail.at(-1);
  return named({ kind: 'other', blame: 'network', retryable: true, message: 'ssh to HOST ended', remedy: 'Try `ssh HOST` by hand: what it says there is what snvg met.' }, last === undefined ? 'without a word' : trimmed(last));
}

/** ssh pads its warnings with frames of @. */
function trimmed(line: string): string {
  return line.replaceAll(/@+/g, ' ').replaceAll(/\s+/g, ' ').trim().slice(0, 200);
}

/** As the backend wants it. */
export function placeFaultOf(fault: SshFault): PlaceFault {
  return new PlaceFault(fault.blame, fault.message, fault.remedy);
}

/** As a person who asked for this very host wants it: REMOTE_UNAVAILABLE when trying again may help, REMOTE_REFUSED when not. */
export function hostErrorOf(fault: SshFault): SnvgError {
  return new SnvgError(fault.kind === 'no-ssh' ? 'SSH_MISSING' : fault.retryable ? 'REMOTE_UNAVAILABLE' : 'REMOTE_REFUSED', fault.message, fault.remedy);
}
