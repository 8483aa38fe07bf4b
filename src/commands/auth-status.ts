import { accountStatuses, type AccountStatus } from '../app/accounts/account-status.js';
import { aligned, terminalText } from '../ui/terminal-text.js';
import { withDesk } from './auth.js';
import type { CommandContext } from './context.js';

/** `snvg auth status [platform]`: how each login stands; 6 when one needs a person, 5 when its platform could not be asked. */
export function runAuthStatus(context: CommandContext, platform: string | undefined, flags: { check: boolean }): Promise<number> {
  return withDesk(context, async (desk) => {
    const accounts = await accountStatuses(desk, platform, flags.check);
    if (context.loaded.settings.json) context.stdout.write(`${JSON.stringify({ accounts })}\n`);
    else print(context, accounts, desk.request.nowMs());
    if (accounts.some(({ state }) => state === 'login-needed')) return 6;
    return accounts.some(({ state }) => state === 'unreachable') ? 5 : 0;
  });
}

function print({ stdout, stderr }: CommandContext, accounts: readonly AccountStatus[], nowMs: number): void {
  if (accounts.length === 0) {
    stdout.write('nobody is logged in\n');
    return;
  }
  const rows = accounts.map((one) => [
    `${one.platform}:${one.name}${one.isDefault ? '*' : ''}`,
    one.accountName,
    one.id,
    one.from === 'environment' ? 'environment' : 'vault',
    stateText(one),
    one.missingScopes.length === 0 ? '–' : one.missingScopes.join(' '),
    one.accessExpiresAt === null ? '–' : fromNow(Date.parse(one.accessExpiresAt) - nowMs),
    one.loginEndsAt === null ? '–' : one.loginEndsAt.slice(0, 10),
  ]);
  const head = ['account', 'name', 'id', 'from', 'state', 'missing', 'token ends', 'login ends'];
  for (const line of aligned([head, ...rows].map((row) => row.map(terminalText)))) stdout.write(`${line.trimEnd()}\n`);
  for (const { platform, name, reason, state } of accounts) if (reason !== null) stderr.write(`${terminalText(`${platform}:${name}`)} ${state === 'unreachable' ? 'could not be asked' : 'needs a login'}: ${terminalText(reason)}\n`);
  for (const warning of accounts.flatMap(({ warnings }) => warnings)) stderr.write(`${terminalText(warning.message)}\n→ ${terminalText(warning.remedy)}\n`);
}

function stateText({ state }: AccountStatus): string {
  return { unchecked: 'kept', checked: 'works', 'login-needed': 'LOGIN NEEDED', unreachable: 'not reached' }[state];
}

function fromNow(ms: number): string {
  if (ms <= 0) return 'is renewed next';
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `in ${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 72 ? `in ${hours} h` : `in ${Math.round(hours / 24)} days`;
}
