import type { Settings } from '../../config/options.js';
import { SnvgError } from '../../errors.js';
import type { Login } from '../../pipeline/publish/order.js';
import type { Publication, Publisher } from '../../publishers/publisher.js';
import { findPublisher, parseTarget, publisherIds } from '../../publishers/registry.js';
import type { Outside } from './outside.js';
import { platformSettings, typedSettings, type PlatformSettings } from './platform-settings.js';

/** A platform with its settings. */
export type Platform = PlatformSettings & { publisher: Publisher };

/** An account on a platform, ready to be published to. */
export interface Target extends Platform {
  account: { id: string; name: string };
  login: Login | null;
}

/** A target whose account cannot be worked with now (nobody is logged in, its login cannot be asked): the others go on. */
export type ClosedTarget = NamedTarget & { error: SnvgError };

export interface Targets {
  open: Target[];
  closed: ClosedTarget[];
}

/** A target as it was named, before anybody is logged in. */
export type NamedTarget = Platform & { name: string };

/**
 * Reads `--to <platform>[:<account>]`, with the settings of each platform.
 * @throws {SnvgError} TARGET_UNKNOWN, USAGE, CONFIG_INVALID
 */
export async function namedTargets(settings: Pick<Settings, 'to' | 'set' | 'platforms'>): Promise<NamedTarget[]> {
  for (const id of [...Object.keys(typedSettings(settings.set)), ...Object.keys(settings.platforms)]) {
    if (!publisherIds.includes(id)) throw new SnvgError('TARGET_UNKNOWN', `A setting is given for ${JSON.stringify(id)}, which is no platform`, `Platforms are: ${publisherIds.join(', ')}.`);
  }
  const named = await Promise.all(settings.to.map((text) => parseTarget(text)));
  return named.map(({ publisher, name }) => ({ publisher, name, ...platformSettings(publisher, settings) }));
}

/** The accounts of the targets; those that nobody is logged in to are told apart. The same account named twice is one target. @throws {SnvgError} USAGE */
export async function openTargets(named: readonly NamedTarget[], outside: Pick<Outside, 'accounts'>): Promise<Targets> {
  const open = new Map<string, Target>();
  const closed: ClosedTarget[] = [];
  for (const one of named) {
    const { publisher, name, options, format } = one;
    try {
      const { account, login } = await accountOf(publisher, name, outside);
      open.set(`${publisher.id}\0${account.id}`, { publisher, account, login, options, format });
    } catch (error) {
      // What was named wrongly is for the person to correct before anything is sent anywhere.
      if (!(error instanceof SnvgError) || error.code === 'USAGE') throw error;
      closed.push({ ...one, error });
    }
  }
  return { open: [...open.values()], closed };
}

/**
 * The account that the ledger has a publication for, with today's settings of its platform.
 * @throws {SnvgError} AUTH_*; AUTH_WRONG_ACCOUNT when the account of that name is another one now
 */
export async function openPublicationTarget(publication: Publication, settings: Pick<Settings, 'set' | 'platforms'>, outside: Pick<Outside, 'accounts'>): Promise<Target> {
  const publisher = await findPublisher(publication.platform);
  const { account, login } = await accountOf(publisher, publication.accountName, outside);
  if (account.id !== publication.account) {
    throw new SnvgError('AUTH_WRONG_ACCOUNT', `${publication.accountName} on ${publisher.name} is ${account.id} now, and ${JSON.stringify(publication.title)} is for ${publication.account}`, `Log in to that account: snvg auth login ${publisher.id}`);
  }
  return { publisher, account, login, ...platformSettings(publisher, settings) };
}

async function accountOf(publisher: Publisher, name: string, outside: Pick<Outside, 'accounts'>): Promise<Pick<Target, 'account' | 'login'>> {
  if (publisher.auth === null) {
    const id = publisher.account ? publisher.account(name) : name;
    return { account: { id, name: id }, login: null };
  }
  const account = await (await outside.accounts()).find(publisher.id, publisher.auth, name);
  return { account: { id: account.id, name: account.name }, login: account };
}
