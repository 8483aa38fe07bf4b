import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { logIn } from '../../src/accounts/login.js';
import { storeLogin } from '../../src/accounts/stored-logins.js';
import { openAccounts, type OpenedAccounts } from '../../src/app/accounts/open-accounts.js';
import type { Account } from '../../src/accounts/accounts.js';
import { youtubeAuth } from '../../src/publishers/youtube/auth.js';
import { youtubePublisher } from '../../src/publishers/youtube/index.js';
import { scopes } from '../../src/sandbox/youtube/oauth.js';
import { smallClip } from '../support/publish-context.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { channel, noonMs, YoutubeRun } from './support/youtube-run.js';

const dayMs = 86_400_000;
const client = { clientId: 'app', clientSecret: 'a-secret-of-an-app' };

interface LoggedIn {
  run: YoutubeRun;
  opened: OpenedAccounts;
  account(): Promise<Account>;
}

/** Logs in as a person does who pastes the address their browser ends at, and keeps the login. */
async function loggedIn(given: { testing?: boolean; ticked?: readonly string[] } = {}): Promise<LoggedIn> {
  const run = new YoutubeRun();
  run.standIn.login.testing = given.testing ?? false;
  run.standIn.login.consent = { account: channel, answer: given.ticked ?? 'granted' };
  const { http, signal } = run.context(smallClip(temporaryFolder()));
  const request = { http, signal, client, nowMs: () => run.nowMs };
  let address = '';
  const tokens = await logIn(
    youtubeAuth,
    { kind: 'paste', redirectUri: undefined, port: undefined },
    {
      tell: (line) => {
        address = /https:\S+/.exec(line)?.[0] ?? address;
      },
      offerBrowser: async () => {},
      answer: async () => (await http.send({ method: 'GET', url: address, signal })).headers['location'] ?? '',
      pause: async () => {},
    },
    request,
  );
  const who = await youtubeAuth.whoami(tokens, request);
  const opened = openAccounts({ paths: { dataDir: join(temporaryFolder(), 'data') }, vault: 'file', env: {}, http, signal, nowMs: () => run.nowMs });
  await storeLogin(opened.vault, { platform: 'youtube', who, name: undefined, makeDefault: false, login: { tokens, client, grantedAtMs: run.nowMs, renewing: null, ended: null } });
  run.requests.length = 0;
  return { run, opened, account: () => opened.accounts.find('youtube', youtubeAuth, '') };
}

describe('a login to YouTube', () => {
  it('is for the channel that was chosen, and lasts', async () => {
    const { run, account } = await loggedIn();
    const found = await account();
    expect(await found.credentials()).toMatchObject({ accountId: channel.id, accountName: channel.name, scopes: [scopes.upload, scopes.manage] });
    run.nowMs += 60 * dayMs;
    const clip = smallClip(temporaryFolder());
    const context = { ...run.context(clip), credentials: () => found.credentials() };
    run.record(await youtubePublisher.advance(run.publication, context));
    expect(run.publication.state).toBe('prepared');
    expect(run.log).toEqual(['POST /token', 'POST videos']);
  });

  it('that was revoked is noticed before a byte is sent (porjo/youtubeuploader#115: invalid_grant only seen at upload time)', async () => {
    const { run, account } = await loggedIn();
    const found = await account();
    run.standIn.login.revoke((await found.credentials()).accessToken);
    run.nowMs += dayMs;
    const context = { ...run.context(smallClip(temporaryFolder())), credentials: () => found.credentials() };
    await expect(youtubePublisher.advance(run.publication, context)).rejects.toMatchObject({ code: 'AUTH_NEEDED', exitCode: 6, message: expect.stringContaining('invalid_grant') });
    expect(run.log).toEqual(['POST /token']);
  });

  it('of an app in testing ends after 7 days, with that said (porjo/youtubeuploader#128, #163)', async () => {
    const { run, account } = await loggedIn({ testing: true });
    run.nowMs = noonMs + 6.5 * dayMs;
    const found = await account();
    await found.credentials();
    expect(await found.warnings?.()).toHaveLength(1);
    run.nowMs = noonMs + 7 * dayMs;
    await expect(found.credentials()).rejects.toMatchObject({ code: 'AUTH_NEEDED', message: expect.stringContaining('testing') });
  });

  it('with a box left unticked sends nothing and says which right is missing', async () => {
    await expect(loggedIn({ ticked: [scopes.upload] })).rejects.toMatchObject({ kind: 'auth', code: 'insufficientPermissions', remedy: expect.stringContaining('every box') });
  });
});
