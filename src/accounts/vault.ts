import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { SnvgError } from '../errors.js';
import { keepSecret } from '../secrets.js';
import { keeps, type Keyring } from './keyring.js';
import type { Locks } from './locks.js';
import { secretsIn, type VaultContent } from './vault-content.js';
import { aboutLock, damaged, readVaultFile, writeVaultFile, type VaultFile } from './vault-file.js';
import { keyOfPassphrase, newKeyringLock, newPassphraseLock, seal, unseal, type VaultLock } from './vault-seal.js';

/** Where new vault takes its key from: `auto` is the keyring where there is one. */
export type VaultSetting = 'auto' | 'keyring' | 'file';

export interface VaultOptions {
  path: string;
  setting: VaultSetting;
  /** SNVG_VAULT_PASSPHRASE. */
  passphrase: string | undefined;
  locks: Locks;
  signal: AbortSignal;
  /** Opened when it is needed. */
  keyring(): Promise<Keyring | undefined>;
  /** Asks a person at the terminal; absent: there is nobody to ask. An empty answer to `new` means none is wanted. */
  askPassphrase?: (purpose: 'open' | 'new') => Promise<string>;
}

/**
 * The logins of this machine, in one file that is this user's alone. Its key lies in the operating system's keyring, is made of a
 * passphrase, or, where there is neither, the file lies in clear.
 */
export class Vault {
  readonly path: string;
  readonly #options: VaultOptions;
  #passphrase: string | undefined;
  /** By lock, so that a passphrase is worked on once. */
  readonly #keys = new Map<string, Buffer>();

  constructor(options: VaultOptions) {
    this.path = options.path;
    this.#options = options;
    this.#passphrase = options.passphrase === '' ? undefined : options.passphrase;
    keepSecret(this.#passphrase);
  }

  get exists(): boolean {
    return existsSync(this.path);
  }

  /** How it is locked; undefined: there is none yet. @throws {SnvgError} VAULT_UNREADABLE */
  async lockKind(): Promise<VaultLock['kind'] | 'none' | undefined> {
    const file = await readVaultFile(this.path);
    return file && (file.lock?.kind ?? 'none');
  }

  /** @throws {SnvgError} VAULT_UNREADABLE, VAULT_LOCKED */
  async read(): Promise<VaultContent> {
    const file = await readVaultFile(this.path);
    return file ? this.#open(file) : { accounts: [], borrowed: [] };
  }

  /**
   * Changes the content in place and makes it durable before it returns. What cannot be read is not overwritten.
   * @throws {SnvgError} VAULT_UNREADABLE, VAULT_LOCKED, OUTPUT_UNWRITABLE, DISK_FULL
   */
  async change<T>(edit: (content: VaultContent) => T): Promise<T> {
    // A question to a person is asked before others are kept waiting.
    const wanted = await this.#lockToWrite(await readVaultFile(this.path));
    return this.#options.locks.run('vault', this.#options.signal, async () => {
      const file = await readVaultFile(this.path);
      const content = file ? await this.#open(file) : { accounts: [], borrowed: [] };
      const result = edit(content);
      keepSecret(...secretsIn(content));
      // Another process may have made it meanwhile, with a lock that fits as well.
      const lock = file?.lock && file.lock.kind === wanted?.kind ? file.lock : wanted;
      await writeVaultFile(this.path, lock ? { lock, sealed: seal(JSON.stringify(content), await this.#key(lock), aboutLock(lock)) } : { lock: null, content });
      return result;
    });
  }

  async #open(file: VaultFile): Promise<VaultContent> {
    const content = file.lock === null ? file.content : await this.#unsealed(file);
    keepSecret(...secretsIn(content));
    return content;
  }

  async #unsealed(file: Extract<VaultFile, { lock: VaultLock }>): Promise<VaultContent> {
    const opened = unseal(file.sealed, await this.#key(file.lock), aboutLock(file.lock));
    if (opened === 'wrong-key') {
      this.#keys.clear();
      if (file.lock.kind === 'passphrase') throw new SnvgError('VAULT_LOCKED', 'This is not the passphrase of the vault of logins', `Set SNVG_VAULT_PASSPHRASE to the one that ${this.path} was made with.`);
      throw new SnvgError('VAULT_LOCKED', 'The keyring’s key does not fit the vault of logins', `${this.path} may come from another machine: move it away and log in again.`);
    }
    if (opened === 'damaged') throw damaged(this.path);
    try {
      return JSON.parse(opened.text) as VaultContent;
    } catch {
      throw damaged(this.path);
    }
  }

  async #key(lock: VaultLock): Promise<Buffer> {
    const id = JSON.stringify(lock);
    const known = this.#keys.get(id);
    if (known) return known;
    const key = lock.kind === 'keyring' ? await this.#keyringKey(lock.entry) : await keyOfPassphrase(await this.#givenPassphrase(), lock);
    this.#keys.set(id, key);
    return key;
  }

  async #givenPassphrase(): Promise<string> {
    this.#passphrase ??= await this.#options.askPassphrase?.('open');
    keepSecret(this.#passphrase);
    if (!this.#passphrase) throw new SnvgError('VAULT_LOCKED', 'The vault of logins needs its passphrase', 'Set SNVG_VAULT_PASSPHRASE (in a terminal, the commands of snvg auth ask for it).');
    return this.#passphrase;
  }

  async #keyringKey(entry: string): Promise<Buffer> {
    const keyring = await this.#options.keyring();
    if (!keyring) throw new SnvgError('VAULT_LOCKED', 'The vault’s key lies in the keyring of a desktop session, and this session has none', 'Log in on the desktop, or (for cron and servers) move the vault away and log in again with --vault file.');
    let kept: string | null;
    try {
      kept = await keyring.get(entry);
    } catch (cause) {
      throw new SnvgError('VAULT_LOCKED', `The keyring does not give out the vault’s key: ${cause instanceof Error ? cause.message : String(cause)}`, 'Unlock the keyring and run again.', { cause });
    }
    keepSecret(kept);
    const key = Buffer.from(kept ?? '', 'base64');
    if (key.length === 32) return key;
    throw new SnvgError('VAULT_LOCKED', 'The keyring no longer holds the vault’s key', `Without it nobody can read ${this.path}: move it away and log in again.`);
  }

  /** How it is to be locked from now on: the setting, then what was given, then as before. */
  async #lockToWrite(file: VaultFile | undefined): Promise<VaultLock | null> {
    const { setting } = this.#options;
    const now = file?.lock ?? null;
    if (setting === 'keyring') return now?.kind === 'keyring' ? now : this.#newKeyringLock();
    if (this.#passphrase !== undefined || now?.kind === 'passphrase') return now?.kind === 'passphrase' ? now : newPassphraseLock();
    if (setting === 'auto') {
      if (file) return now;
      const keyring = await this.#options.keyring();
      if (keyring && (await keeps(keyring))) return this.#newKeyringLock();
    }
    if (file && now === null) return null;
    this.#passphrase = (await this.#options.askPassphrase?.('new')) || undefined;
    keepSecret(this.#passphrase);
    return this.#passphrase === undefined ? null : newPassphraseLock();
  }

  async #newKeyringLock(): Promise<VaultLock> {
    const keyring = await this.#options.keyring();
    if (!keyring || !(await keeps(keyring))) throw new SnvgError('VAULT_LOCKED', 'This session has no keyring that keeps secrets', 'Use --vault file, with SNVG_VAULT_PASSPHRASE if it should be encrypted.');
    const lock = newKeyringLock();
    const key = randomBytes(32);
    keepSecret(key.toString('base64'));
    await keyring.set(lock.entry, key.toString('base64'));
    this.#keys.set(JSON.stringify(lock), key);
    return lock;
  }
}
