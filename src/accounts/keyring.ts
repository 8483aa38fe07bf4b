import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';

/** The operating system's store of passwords: Keychain, Credential Manager, Secret Service. */
export interface Keyring {
  /** Null: no such entry. Throws what the system said when it does not answer. */
  get(entry: string): Promise<string | null>;
  set(entry: string, secret: string): Promise<void>;
  remove(entry: string): Promise<void>;
}

const service = 'snvg';
/** A keyring may ask a person to unlock it; one that says nothing for so long will not. */
const patienceMs = 60_000;

/** Undefined: this system has none that snvg could use (no desktop session, package not installed). Loads the package only then when there may be one. */
export async function openKeyring(env: NodeJS.ProcessEnv): Promise<Keyring | undefined> {
  if (process.platform === 'linux' && !hasSessionBus(env)) return undefined;
  const { AsyncEntry } = await import('@napi-rs/keyring').catch(() => ({ AsyncEntry: undefined }));
  if (!AsyncEntry) return undefined;
  // The kernel's keyring, which the package would take otherwise, is emptied at the next start of the machine.
  const entry = (name: string): InstanceType<typeof AsyncEntry> => new AsyncEntry(service, name, { linux: { store: 'secret-service' } });
  return {
    get: (name) => patiently(entry(name).getPassword()),
    set: (name, secret) => patiently(entry(name).setPassword(secret)),
    remove: async (name) => void (await patiently(entry(name).deleteCredential())),
  };
}

async function patiently<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not answer for ${patienceMs / 1000} s`)), patienceMs);
  });
  try {
    return await Promise.race([answer, silence]);
  } finally {
    clearTimeout(timer);
  }
}

function hasSessionBus(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env['DBUS_SESSION_BUS_ADDRESS']) || existsSync(`/run/user/${userInfo().uid}/bus`);
}

/** Whether it keeps what it is given: some are there and refuse (AccessDenied, locked, headless). */
export async function keeps(keyring: Keyring): Promise<boolean> {
  const entry = `trial-${randomBytes(8).toString('hex')}`;
  try {
    await keyring.set(entry, entry);
    const kept = (await keyring.get(entry)) === entry;
    await keyring.remove(entry);
    return kept;
  } catch {
    return false;
  }
}
