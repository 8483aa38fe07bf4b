import { SnvgError } from '../../errors.js';
import type { WebhookOptions } from './options.js';

/** Names as they stand in the configuration; in the variable of the secret they are written large, with `_` for `-`. */
export const endpointName = /^[a-z][a-z0-9-]{0,39}$/;

/**
 * What `--to webhook:<text>` means: an address, or the name of one in the configuration.
 * @throws {SnvgError} USAGE
 */
export function readEndpoint(text: string): string {
  if (endpointName.test(text)) return text;
  const problem = text.includes('://') ? addressProblem(text) : 'it is neither an address nor a name';
  if (problem !== undefined) throw new SnvgError('USAGE', `webhook:${text === '' ? '<nothing>' : text} is no target: ${problem}`, 'Name an address (--to webhook:https://example.com/clips) or one of platforms.webhook.endpoints (--to webhook:studio).');
  return normalAddress(text);
}

/** Undefined when the address will do. Plain http leads to this machine only: the film and its text would travel unencrypted. */
export function addressProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'it is no address';
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return 'a name and a password do not belong into an address';
  if (protocol === 'https:') return undefined;
  if (protocol !== 'http:') return 'it begins neither with https:// nor, on this machine, with http://';
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname) ? undefined : 'over plain http everybody on the way could read it; use https';
}

/** One spelling for one address, since it names the account for ever. */
function normalAddress(text: string): string {
  const url = new URL(text);
  url.hash = '';
  return url.href;
}

/** The address to deliver to. @throws {SnvgError} CONFIG_INVALID when the name has none */
export function addressOf(account: string, { endpoints }: WebhookOptions): string {
  if (account.includes('://')) return account;
  const address = Object.hasOwn(endpoints, account) ? endpoints[account] : undefined;
  if (address !== undefined) return normalAddress(address);
  throw new SnvgError('CONFIG_INVALID', `There is no webhook named ${JSON.stringify(account)}`, `Write it into the configuration: {"platforms": {"webhook": {"endpoints": {"${account}": "https://…"}}}}`);
}
