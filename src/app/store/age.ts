import { SnvgError } from '../../errors.js';

const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** `7d`, `36h`, `90m` or `2w` in milliseconds. @throws {SnvgError} USAGE */
export function ageMs(text: string): number {
  const [, digits, unit] = /^(\d{1,6})\s*([mhdw])$/.exec(text.trim()) ?? [];
  if (digits === undefined) throw new SnvgError('USAGE', `--older-than ${text} is no age`, 'Give a number and a unit, such as 36h, 7d or 2w.');
  return Number(digits) * unitMs[unit as keyof typeof unitMs];
}
