import { createCipheriv, createDecipheriv, createHmac, randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';
import { z } from 'zod';

const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/);

/** How the vault's key is come by. The bounds keep a tampered file from taking all memory. */
export const vaultLock = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('passphrase'), cost: z.number().int().min(2 ** 14).max(2 ** 20), blockSize: z.number().int().min(1).max(16), parallelization: z.number().int().min(1).max(4), salt: base64 }),
  z.strictObject({ kind: z.literal('keyring'), entry: z.string().regex(/^vault-[0-9a-f]{16}$/) }),
]);
export type VaultLock = z.infer<typeof vaultLock>;

/** AES-256-GCM. `check` tells a wrong key from a damaged file. */
export const sealed = z.strictObject({ check: base64, nonce: base64, bytes: base64, tag: base64 });
export type Sealed = z.infer<typeof sealed>;

/** OWASP's Password Storage Cheat Sheet, read 2026-11: scrypt with N 2^17, r 8, p 1, which takes 128 MB for a moment. */
export function newPassphraseLock(): Extract<VaultLock, { kind: 'passphrase' }> {
  return { kind: 'passphrase', cost: 2 ** 17, blockSize: 8, parallelization: 1, salt: randomBytes(16).toString('base64') };
}

export function newKeyringLock(): Extract<VaultLock, { kind: 'keyring' }> {
  return { kind: 'keyring', entry: `vault-${randomBytes(8).toString('hex')}` };
}

/** 32 bytes. */
export function keyOfPassphrase(passphrase: string, lock: Extract<VaultLock, { kind: 'passphrase' }>): Promise<Buffer> {
  const options: ScryptOptions = { N: lock.cost, r: lock.blockSize, p: lock.parallelization, maxmem: 256 * lock.cost * lock.blockSize };
  // One spelling of what a keyboard may send in several.
  const text = passphrase.normalize('NFC');
  return new Promise((resolve, reject) => scrypt(text, Buffer.from(lock.salt, 'base64'), 32, options, (error, key) => (error ? reject(error) : resolve(key))));
}

/** `about` is not hidden but cannot be changed without notice. */
export function seal(text: string, key: Buffer, about: string): Sealed {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(about));
  const bytes = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return { check: checkOf(key).toString('base64'), nonce: nonce.toString('base64'), bytes: bytes.toString('base64'), tag: cipher.getAuthTag().toString('base64') };
}

/** The text; or why not. */
export function unseal(box: Sealed, key: Buffer, about: string): { text: string } | 'wrong-key' | 'damaged' {
  const [check, tag] = [Buffer.from(box.check, 'base64'), Buffer.from(box.tag, 'base64')];
  const expected = checkOf(key);
  if (check.length !== expected.length || !timingSafeEqual(check, expected)) return 'wrong-key';
  if (tag.length !== 16) return 'damaged';
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(box.nonce, 'base64'), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(about));
    decipher.setAuthTag(tag);
    return { text: Buffer.concat([decipher.update(Buffer.from(box.bytes, 'base64')), decipher.final()]).toString('utf8') };
  } catch {
    return 'damaged';
  }
}

function checkOf(key: Buffer): Buffer {
  return createHmac('sha256', key).update('snvg vault').digest();
}
