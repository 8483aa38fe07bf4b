import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Keyring } from '../../src/accounts/keyring.js';
import type { Login } from '../../src/accounts/vault-content.js';
import { Vault, type VaultOptions } from '../../src/accounts/vault.js';
import { HeldFiles } from '../../src/jobs/held-files.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const secret = 'refresh-token-of-the-vault';

function login(refreshToken = secret): Login {
  return { tokens: { kind: 'oauth2', accessToken: 'access-token-of-the-vault', refreshToken, expiresAtMs: 1, refreshExpiresAtMs: null, scopes: ['a'], receivedAtMs: 0 }, client: { clientId: 'c', clientSecret: 'client-secret-of-the-vault' }, grantedAtMs: 0, renewing: null, ended: null };
}

function vaultIn(dir: string, changes: Partial<VaultOptions> = {}): Vault {
  const held = new HeldFiles(join(dir, 'locks'));
  return new Vault({
    path: join(dir, 'accounts.vault'),
    setting: 'file',
    passphrase: undefined,
    locks: { run: async (name, signal, work) => (await held.run(name, signal, 60_000, work))?.result as never },
    signal: new AbortController().signal,
    keyring: async () => undefined,
    ...changes,
  });
}

function add(vault: Vault, id: string): Promise<void> {
  return vault.change((content) => {
    content.accounts.push({ platform: 'x', id, name: id, accountName: id, isDefault: false, login: login() });
  });
}

/** A keyring that keeps what it is given, or refuses as a headless one does. */
function practiceKeyring(state: { refuses?: boolean; entries?: Map<string, string> } = {}): Keyring & { entries: Map<string, string> } {
  const entries = state.entries ?? new Map<string, string>();
  const unless = <T>(work: () => T): T => {
    if (state.refuses) throw new Error('AccessDenied: Prompt dismissed');
    return work();
  };
  return {
    entries,
    get: async (entry) => unless(() => entries.get(entry) ?? null),
    set: async (entry, value) => unless(() => void entries.set(entry, value)),
    remove: async (entry) => unless(() => void entries.delete(entry)),
  };
}

it('is made with mode 600, whatever the umask, and read back by another process’s vault', async () => {
  const dir = temporaryFolder();
  const before = process.umask(0);
  try {
    await add(vaultIn(dir), 'one');
  } finally {
    process.umask(before);
  }
  expect(statSync(join(dir, 'accounts.vault')).mode & 0o777).toBe(0o600);
  expect((await vaultIn(dir).read()).accounts.map(({ id }) => id)).toEqual(['one']);
  await expect(vaultIn(dir).lockKind()).resolves.toBe('none');
});

it.each([0o640, 0o604, 0o660, 0o666])('refuses mode %o with what to do, and does not write over it', async (mode) => {
  const dir = temporaryFolder();
  await add(vaultIn(dir), 'one');
  const path = join(dir, 'accounts.vault');
  chmodSync(path, mode);
  const before = readFileSync(path);
  await expect(vaultIn(dir).read()).rejects.toMatchObject({ code: 'VAULT_UNREADABLE', message: expect.stringContaining(`mode ${mode.toString(8)}`), remedy: expect.stringContaining(`chmod 600 ${path}`) });
  await expect(add(vaultIn(dir), 'two')).rejects.toMatchObject({ code: 'VAULT_UNREADABLE' });
  expect(readFileSync(path)).toEqual(before);
});

it.each([
  ['an empty file', ''],
  ['half of it', '{"format":"snvg-vault","version":1,"lock":nu'],
  ['other JSON', '{"hello":1}'],
  ['a wrong shape', '{"format":"snvg-vault","version":1,"lock":null,"content":{"accounts":[{"platform":"x"}],"borrowed":[]}}'],
  ['a later version', '{"format":"snvg-vault","version":2,"lock":null,"content":{}}'],
  ['a lock that would take all memory', '{"format":"snvg-vault","version":1,"lock":{"kind":"passphrase","cost":1073741824,"blockSize":8,"parallelization":1,"salt":"AAAA"},"sealed":{"check":"","nonce":"","bytes":"","tag":""}}'],
])('a damaged vault (%s) is never overwritten', async (_, bytes) => {
  const dir = temporaryFolder();
  const path = join(dir, 'accounts.vault');
  writeFileSync(path, bytes, { mode: 0o600 });
  for (const attempt of [() => vaultIn(dir).read(), () => add(vaultIn(dir), 'two'), () => add(vaultIn(dir, { passphrase: 'a passphrase' }), 'two')]) await expect(attempt()).rejects.toMatchObject({ code: 'VAULT_UNREADABLE' });
  expect(readFileSync(path, 'utf8')).toBe(bytes);
});

it('a folder in its place is refused', async () => {
  const dir = temporaryFolder();
  mkdirSync(join(dir, 'accounts.vault'), { mode: 0o700 });
  await expect(vaultIn(dir).read()).rejects.toMatchObject({ code: 'VAULT_UNREADABLE' });
});

it('a passphrase seals it; none and a wrong one are told apart from damage, and nothing is overwritten', async () => {
  const dir = temporaryFolder();
  const path = join(dir, 'accounts.vault');
  const right = vaultIn(dir, { passphrase: 'correct horse battery' });
  await add(right, 'one');
  const text = readFileSync(path, 'utf8');
  for (const hidden of [secret, 'access-token', 'client-secret', '"one"']) expect(text).not.toContain(hidden);
  expect((await vaultIn(dir, { passphrase: 'correct horse battery' }).read()).accounts[0]?.login.tokens).toMatchObject({ refreshToken: secret });
  await expect(vaultIn(dir).read()).rejects.toMatchObject({ code: 'VAULT_LOCKED', remedy: expect.stringContaining('SNVG_VAULT_PASSPHRASE') });
  await expect(vaultIn(dir, { passphrase: 'wrong horse' }).read()).rejects.toMatchObject({ code: 'VAULT_LOCKED', message: 'This is not the passphrase of the vault of logins' });
  await expect(add(vaultIn(dir, { passphrase: 'wrong horse' }), 'two')).rejects.toMatchObject({ code: 'VAULT_LOCKED' });
  expect(readFileSync(path, 'utf8')).toBe(text);
  // One byte of what is sealed, then of what it is bound to.
  const file = JSON.parse(text) as { sealed: { bytes: string }; lock: { salt: string } };
  const bytes = Buffer.from(file.sealed.bytes, 'base64');
  bytes[3] = (bytes[3] ?? 0) ^ 1;
  writeFileSync(path, JSON.stringify({ ...file, sealed: { ...file.sealed, bytes: bytes.toString('base64') } }));
  await expect(right.read()).rejects.toMatchObject({ code: 'VAULT_UNREADABLE' });
});

it('a person at a terminal is asked, and the answer lasts for the run', async () => {
  const dir = temporaryFolder();
  const asked: string[] = [];
  const askPassphrase = async (purpose: 'open' | 'new'): Promise<string> => {
    asked.push(purpose);
    return 'typed passphrase';
  };
  const maker = vaultIn(dir, { askPassphrase });
  await add(maker, 'one');
  await add(maker, 'two');
  const opener = vaultIn(dir, { askPassphrase });
  expect((await opener.read()).accounts).toHaveLength(2);
  await add(opener, 'three');
  expect(asked).toEqual(['new', 'open']);
  await expect(opener.lockKind()).resolves.toBe('passphrase');
});

it('a passphrase given later seals a vault that lay in clear', async () => {
  const dir = temporaryFolder();
  await add(vaultIn(dir), 'one');
  await add(vaultIn(dir, { passphrase: 'given later' }), 'two');
  expect(readFileSync(join(dir, 'accounts.vault'), 'utf8')).not.toContain(secret);
  expect((await vaultIn(dir, { passphrase: 'given later' }).read()).accounts).toHaveLength(2);
});

it('with a keyring its key lies there, and the file tells nothing', async () => {
  const dir = temporaryFolder();
  const keyring = practiceKeyring();
  const vault = vaultIn(dir, { setting: 'auto', keyring: async () => keyring });
  await add(vault, 'one');
  expect([...keyring.entries.keys()]).toEqual([expect.stringMatching(/^vault-[0-9a-f]{16}$/)]);
  expect(readFileSync(join(dir, 'accounts.vault'), 'utf8')).not.toContain(secret);
  expect((await vaultIn(dir, { setting: 'auto', keyring: async () => keyring }).read()).accounts).toHaveLength(1);
  // The same file in cron, in a locked session, and after the keyring was emptied.
  await expect(vaultIn(dir).read()).rejects.toMatchObject({ code: 'VAULT_LOCKED', message: expect.stringContaining('this session has none') });
  await expect(vaultIn(dir, { keyring: async () => practiceKeyring({ refuses: true }) }).read()).rejects.toMatchObject({ code: 'VAULT_LOCKED', message: expect.stringContaining('AccessDenied') });
  await expect(vaultIn(dir, { keyring: async () => practiceKeyring() }).read()).rejects.toMatchObject({ code: 'VAULT_LOCKED', message: expect.stringContaining('no longer holds') });
});

it('a keyring that refuses (headless, AccessDenied) gives way to the file, unless it was asked for', async () => {
  const dir = temporaryFolder();
  const headless = practiceKeyring({ refuses: true });
  const keyring = async (): Promise<Keyring> => headless;
  await expect(add(vaultIn(dir, { setting: 'keyring', keyring }), 'one')).rejects.toMatchObject({ code: 'VAULT_LOCKED' });
  expect(existsSync(join(dir, 'accounts.vault'))).toBe(false);
  const vault = vaultIn(dir, { setting: 'auto', keyring });
  await add(vault, 'one');
  await expect(vault.lockKind()).resolves.toBe('none');
});

it('writers do not lose each other’s changes', async () => {
  const dir = temporaryFolder();
  await Promise.all(Array.from({ length: 8 }, (_, index) => add(vaultIn(dir), `n${index}`)));
  expect((await vaultIn(dir).read()).accounts.map(({ id }) => id).toSorted()).toEqual(Array.from({ length: 8 }, (_, index) => `n${index}`));
});
