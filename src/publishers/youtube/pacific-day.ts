/** YouTube's quotas begin anew at midnight there. */
export const quotaTimeZone = 'America/Los_Angeles';

const day = new Intl.DateTimeFormat('en-CA', { timeZone: quotaTimeZone, dateStyle: 'short' });
const hourMs = 3_600_000;

/** The first moment of the next Pacific day, on days of 23, 24 and 25 hours. Milliseconds since the Unix epoch. */
export function nextPacificMidnightMs(nowMs: number): number {
  const today = day.format(nowMs);
  let before = nowMs;
  let after = nowMs + 26 * hourMs;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (day.format(middle) === today) before = middle;
    else after = middle;
  }
  return after;
}
