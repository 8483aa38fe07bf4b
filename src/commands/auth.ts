import { setTimeout as sleep } from 'node:timers/promises';
import type { AuthDesk } from '../app/accounts/auth-desk.js';
import { atAuthDesk } from '../app/accounts/auth-desk.js';
import { importLogin, logInTo } from '../app/accounts/log-in.js';
import { exportLogin, logOut, refreshLogin, useByDefault } from '../app/accounts/kept-logins.js';
import { offerBrowser } from '../app/accounts/offer-browser.js';
import { SnvgError } from '../errors.js';
import { keepSecret, writeSecret } from '../secrets.js';
import { TypedLines } from '../ui/typed-lines.js';
import { terminalText } from '../ui/terminal-text.js';
import type { CommandContext } from './context.js';

/** Opens what a command about accounts needs, with a person to ask where there is a terminal. */
export async function withDesk<T>(context: CommandContext, body: (desk: AuthDesk, lines: TypedLines) => Promise<T>): Promise<T> {
  const lines = new TypedLines(process.stdin, context.stderr);
  const askPassphrase = (purpose: 'open' | 'new'): Promise<string> => lines.next(purpose === 'open' ? 'Passphrase of the vault of logins: ' : 'Passphrase for the new vault of logins (empty: none): ', context.signal, true);
  try {
    return await atAuthDesk({ settings: context.loaded.settings, paths: context.paths, env: context.env, signal: context.signal, ...(lines.isPerson ? { askPassphrase } : {}) }, (desk) => body(desk, lines));
  } finally {
    lines.close();
  }
}

export interface LoginFlags {
  as?: string;
  clientId?: string;
  clientSecretStdin?: boolean;
  device?: boolean;
  paste?: boolean;
  browser?: boolean;
  port?: string;
  redirectUri?: string;
  timeout?: string;
  default?: boolean;
}

/** `snvg auth login <platform>` */
export function runAuthLogin(context: CommandContext, platform: string, flags: LoginFlags): Promise<number> {
  if (flags.device && flags.paste) throw new SnvgError('USAGE', '--device and --paste are two ways to log in', 'Give one of them.');
  const port = flags.port === undefined ? undefined : whole(flags.port, '--port', 1, 65_535);
  const timeoutMs = whole(flags.timeout ?? '300', '--timeout', 10, 3_600) * 1_000;
  return withDesk(context, async (desk, lines) => {
    const clientSecret = flags.clientSecretStdin ? await secretFrom(lines, context) : undefined;
    const tell = (line: string): void => void context.stderr.write(`${line}\n`);
    const way = flags.device ? { kind: 'device' as const } : flags.paste ? { kind: 'paste' as const, redirectUri: flags.redirectUri, port } : { kind: 'browser' as const, port, timeoutMs };
    const account = await logInTo(
      desk,
      { platform, name: flags.as, clientId: flags.clientId, clientSecret, makeDefault: flags.default === true, way },
      {
        tell,
        offerBrowser: (url) => offerBrowser(url, { wanted: flags.browser, lines, signal: context.signal, cwd: context.cwd, tell }),
        answer: (question) => lines.next(question, context.signal),
        pause: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted()),
      },
    );
    await sayKept(context, desk, account, 'logged in to');
    return 0;
  });
}

/** `snvg auth import [platform] [file]` */
export function runAuthImport(context: CommandContext, platform: string | undefined, file: string | undefined, flags: { as?: string; default?: boolean }): Promise<number> {
  return withDesk(context, async (desk) => {
    const { readLoginText } = await import('../app/accounts/login-files.js');
    const account = await importLogin(desk, { platform, name: flags.as, json: await readLoginText(file, context.cwd), makeDefault: flags.default === true });
    await sayKept(context, desk, account, 'took the login to');
    return 0;
  });
}

/** `snvg auth export <account>` */
export function runAuthExport(context: CommandContext, reference: string, flags: { out?: string; stdout?: boolean }): Promise<number> {
  if ((flags.out === undefined) === (flags.stdout !== true)) throw new SnvgError('USAGE', 'Say where the secrets are to go', `Give either --out <file>, which is made for you alone, or --stdout, which shows them: snvg auth export ${reference} --out login.json`);
  return withDesk(context, async (desk) => {
    const { json, warning } = await exportLogin(desk, reference);
    if (flags.out === undefined) writeSecret(context.stdout, json);
    else {
      const { writeLoginText } = await import('../app/accounts/login-files.js');
      context.stderr.write(`wrote ${terminalText(await writeLoginText(flags.out, context.cwd, json))} (mode 600)\n`);
    }
    context.stderr.write(`${warning}\n`);
    return 0;
  });
}

/** `snvg auth refresh <account>` */
export function runAuthRefresh(context: CommandContext, reference: string): Promise<number> {
  return withDesk(context, async (desk) => {
    const { label, accessExpiresAt } = await refreshLogin(desk, reference);
    if (context.loaded.settings.json) context.stdout.write(`${JSON.stringify({ account: label, accessExpiresAt })}\n`);
    else context.stdout.write(`renewed ${terminalText(label)}${accessExpiresAt === null ? '' : `, good until ${accessExpiresAt}`}\n`);
    return 0;
  });
}

/** `snvg auth logout <account>` */
export function runAuthLogout(context: CommandContext, reference: string, flags: { revoke?: boolean }): Promise<number> {
  return withDesk(context, async (desk) => {
    const { label, atPlatform } = await logOut(desk, reference, flags.revoke !== false);
    context.stdout.write(`forgot ${terminalText(label)}: ${atPlatform}\n`);
    return 0;
  });
}

/** `snvg auth default <account>` */
export function runAuthDefault(context: CommandContext, reference: string): Promise<number> {
  return withDesk(context, async (desk) => {
    context.stdout.write(`${terminalText(await useByDefault(desk, reference))} is used where no account is named\n`);
    return 0;
  });
}

async function sayKept(context: CommandContext, desk: AuthDesk, account: { platform: string; name: string; id: string; accountName: string; isDefault: boolean }, did: string): Promise<void> {
  const { platform, name, id, accountName, isDefault } = account;
  const vault = { path: desk.vault.path, lock: (await desk.vault.lockKind()) ?? 'none' };
  if (context.loaded.settings.json) {
    context.stdout.write(`${JSON.stringify({ account: { platform, name, id, accountName, isDefault }, vault })}\n`);
    return;
  }
  context.stdout.write(`${did} ${terminalText(`${platform}:${name}`)} (${terminalText(accountName)}, ${terminalText(id)})\n`);
  if (vault.lock === 'none') context.stderr.write(`The tokens lie unencrypted in ${terminalText(vault.path)}, which only you can read; set SNVG_VAULT_PASSPHRASE to have them encrypted.\n`);
}

async function secretFrom(lines: TypedLines, context: CommandContext): Promise<string> {
  const secret = (await lines.next(lines.isPerson ? 'Client secret: ' : '', context.signal, true)).trim();
  keepSecret(secret);
  if (secret === '') throw new SnvgError('USAGE', 'There is no client secret on stdin', 'Give it as the first line: snvg auth login youtube --client-secret-stdin < secret.txt');
  return secret;
}

function whole(text: string, flag: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new SnvgError('USAGE', `${flag} is ${JSON.stringify(text)}; expected a whole number from ${min} to ${max}`, `Correct it, such as ${flag} ${min}.`);
}
