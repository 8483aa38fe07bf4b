/**
 * When a `retry-after` header (RFC 9110, 10.2.3) allows the next attempt: seconds from now, or a date. Undefined when there is none or
 * it says nothing usable. Never earlier than now.
 */
export function retryAfterMs(headers: Readonly<Record<string, string>>, nowMs: number): number | undefined {
  const value = headers['retry-after']?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d{1,9}$/.test(value)) return nowMs + Number(value) * 1000;
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? undefined : Math.max(nowMs, dateMs);
}
