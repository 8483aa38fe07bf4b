import type { Destination } from './destination.js';

/** Which connection a command goes over. */
export type Sharing =
  /** One of ours that later commands share: the path of its socket. */
  | { controlPath: string }
  /** One that the person's own ssh config shares, which may be the only one that can be had (a second factor was typed). */
  | 'as-configured'
  /** One of its own. */
  | 'none';

export interface SshCommandOptions {
  destination: Destination;
  sharing: Sharing;
  /** Until the server has greeted and keys are exchanged, in seconds. */
  connectTimeoutSeconds?: number;
}

/** Facts: a cut is noticed after 3 × 5 s; ssh's own default is never. */
const aliveSeconds = 5;
const aliveTries = 3;
export const connectTimeoutSeconds = 10;
/** A shared connection outlives its last command by this, so that one whose owner was killed goes soon. */
const persistSeconds = 10;

/**
 * Arguments of the system's `ssh` for one command. The person's own config applies but for what would break an unattended command: questions,
 * terminals, forwardings and commands of its own.
 */
export function sshArguments(options: SshCommandOptions, command: string): string[] {
  const settings = {
    BatchMode: 'yes',
    ConnectTimeout: String(options.connectTimeoutSeconds ?? connectTimeoutSeconds),
    ServerAliveInterval: String(aliveSeconds),
    ServerAliveCountMax: String(aliveTries),
    ClearAllForwardings: 'yes',
    RemoteCommand: 'none',
    PermitLocalCommand: 'no',
    EscapeChar: 'none',
    LogLevel: 'ERROR',
    ...sharingSettings(options.sharing),
  };
  return ['-T', '-a', '-x', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]), ...whither(options.destination), command];
}

/** Arguments that have `ssh` say which settings apply to a host, without connecting. */
export function sshSettingsArguments(destination: Destination): string[] {
  return ['-G', ...whither(destination)];
}

/** Arguments that end a shared connection; nothing is sent for it. */
export function sshExitArguments(destination: Destination, controlPath: string): string[] {
  return ['-o', `ControlPath=${controlPath}`, '-O', 'exit', ...whither(destination)];
}

/** A host's name stands behind `--`: whatever it is, it is no option. */
function whither({ user, host, port }: Destination): string[] {
  return [...(user === undefined ? [] : ['-l', user]), ...(port === undefined ? [] : ['-p', String(port)]), '--', host];
}

function sharingSettings(sharing: Sharing): Record<string, string> {
  if (sharing === 'as-configured') return {};
  if (sharing === 'none') return { ControlMaster: 'no', ControlPath: 'none' };
  return { ControlMaster: 'auto', ControlPath: sharing.controlPath, ControlPersist: String(persistSeconds) };
}

/** A word as every login shell reads it (sh, csh, fish): text without line ends. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
