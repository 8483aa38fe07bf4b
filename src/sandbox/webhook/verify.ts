import { createHmac, timingSafeEqual } from 'node:crypto';

/** How far the sender's clock may be off. */
const toleranceMs = 5 * 60_000;

/** Checks the headers of Standard Webhooks. The reason when they do not hold. */
export function verify(headers: Readonly<Record<string, string>>, payload: Uint8Array, secrets: readonly Buffer[], nowMs: number): string | undefined {
  const id = headers['webhook-id'] ?? '';
  const timestamp = headers['webhook-timestamp'] ?? '';
  if (!/^[A-Za-z0-9_-]{1,256}$/.test(id)) return 'webhook-id is missing or malformed';
  if (!/^\d{1,12}$/.test(timestamp)) return 'webhook-timestamp is missing or malformed';
  if (Math.abs(nowMs - Number(timestamp) * 1000) > toleranceMs) return 'webhook-timestamp is more than five minutes away';
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), payload]);
  const offered = (headers['webhook-signature'] ?? '').split(' ').flatMap((entry) => (entry.startsWith('v1,') ? [Buffer.from(entry.slice(3), 'base64')] : []));
  const wanted = secrets.map((secret) => createHmac('sha256', secret).update(signed).digest());
  const matches = offered.some((one) => wanted.some((other) => one.length === other.length && timingSafeEqual(one, other)));
  return matches ? undefined : 'webhook-signature does not match';
}

/** Every webhook secret of an environment: with a stand-in, what the sender signs with is what it accepts. */
export function secretsOf(environment: Readonly<Record<string, string | undefined>>): Buffer[] {
  const values = Object.entries(environment).flatMap(([name, value]) => (/^SNVG_WEBHOOK_([A-Z0-9_]+_)?SECRET$/.test(name) && value ? value.trim().split(/\s+/) : []));
  return values.map((value) => Buffer.from(value.replace(/^whsec_/, ''), 'base64'));
}
