import { createHmac } from 'node:crypto';
import { keepSecret } from '../../secrets.js';
import { PlatformFault } from '../faults.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** The variable that holds the secret of a named endpoint; the general one serves addresses and names without their own. */
export function secretVariables(account: string): string[] {
  const general = 'SNVG_WEBHOOK_SECRET';
  return account.includes('://') ? [general] : [`SNVG_WEBHOOK_${account.toUpperCase().replaceAll('-', '_')}_SECRET`, general];
}

/**
 * The keys to sign with: `whsec_` and base64, 24 to 64 bytes, as Standard Webhooks has it; several, apart by blanks, while one is being
 * replaced by another. Read anew each time, and known as secrets, so that no output shows them.
 * @throws {PlatformFault} auth, without a part of the secret
 */
export function readSecrets(account: string, environment: Environment): Buffer[] {
  const variables = secretVariables(account);
  const variable = variables.find((name) => (environment[name] ?? '').trim() !== '');
  if (variable === undefined) {
    throw new PlatformFault('auth', {
      code: 'secret_missing',
      message: 'The webhook has no secret to sign with',
      remedy: `Agree on one with the receiver (echo "whsec_$(openssl rand -base64 32)") and set ${variables.join(' or ')} in the environment.`,
    });
  }
  const texts = (environment[variable] ?? '').trim().split(/\s+/);
  keepSecret(...texts);
  return texts.map((text) => decoded(text, variable));
}

function decoded(text: string, variable: string): Buffer {
  const base64 = text.replace(/^whsec_/, '');
  const bytes = Buffer.from(base64, 'base64');
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(base64) && bytes.toString('base64').replace(/=+$/, '') === base64.replace(/=+$/, '');
  if (isBase64 && bytes.length >= 24 && bytes.length <= 64) return bytes;
  throw new PlatformFault('auth', {
    code: 'secret_invalid',
    message: `${variable} is not a secret of Standard Webhooks: "whsec_" and 24 to 64 bytes in base64`,
    remedy: 'Make one: echo "whsec_$(openssl rand -base64 32)"',
  });
}

/** The headers of Standard Webhooks 1.0.0: HMAC-SHA256 over `<id>.<seconds>.<payload>`, once for each key. */
export function signedHeaders(message: { id: string; payload: string; nowMs: number }, keys: readonly Buffer[]): Record<string, string> {
  const seconds = String(Math.floor(message.nowMs / 1000));
  const signatures = keys.map((key) => `v1,${createHmac('sha256', key).update(`${message.id}.${seconds}.${message.payload}`).digest('base64')}`);
  return { 'webhook-id': message.id, 'webhook-timestamp': seconds, 'webhook-signature': signatures.join(' ') };
}
