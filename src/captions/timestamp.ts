const stamp = String.raw`(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,6}))?`;
const timing = new RegExp(String.raw`^\s*${stamp}\s*-+>\s*${stamp}(?:\s.*)?$`);

/** The two times of a line such as `00:00:01,500 --> 00:00:03,000` (SRT or VTT, settings after it ignored), in µs. */
export function parseTimingLine(line: string): { startUs: number; endUs: number } | undefined {
  const match = timing.exec(line);
  if (!match) return undefined;
  const [, h1, m1, s1, f1, h2, m2, s2, f2] = match;
  return { startUs: toUs(h1, m1, s1, f1), endUs: toUs(h2, m2, s2, f2) };
}

function toUs(hours = '0', minutes = '0', seconds = '0', fraction = ''): number {
  return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1_000_000 + Number(fraction.padEnd(6, '0'));
}

/** `HH:MM:SS` + `separator` + three digits; µs are rounded to whole milliseconds. */
export function formatTimestamp(us: number, separator: ',' | '.'): string {
  const ms = Math.round(us / 1000);
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = Math.floor(ms / 1000) % 60;
  return `${pad(hours)}:${pad(minutes)}:${pad(seconds)}${separator}${pad(ms % 1000, 3)}`;
}

function pad(n: number, digits = 2): string {
  return String(n).padStart(digits, '0');
}
