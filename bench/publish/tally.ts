/** What became of many publications. */
export interface Tally {
  publications: number;
  /** Those that at least one fault, kill, sleep or wrong clock befell. */
  faulted: number;
  published: number;
  failed: number;
  unknown: number;
  left: number;
  requests: number;
  violations: string[];
  /** How often each thing happened. */
  faults: Record<string, number>;
  /** Why those that are not published are not. */
  causes: Record<string, number>;
}

export function tally(): Tally {
  return { publications: 0, faulted: 0, published: 0, failed: 0, unknown: 0, left: 0, requests: 0, violations: [], faults: {}, causes: {} };
}

export function addTo(total: Tally, one: Omit<Tally, 'causes'> & { causes: readonly string[] }): void {
  for (const key of ['publications', 'faulted', 'published', 'failed', 'unknown', 'left', 'requests'] as const) total[key] += one[key];
  total.violations.push(...one.violations);
  for (const [name, count] of Object.entries(one.faults)) total.faults[name] = (total.faults[name] ?? 0) + count;
  for (const cause of one.causes) total.causes[cause] = (total.causes[cause] ?? 0) + 1;
}

/** `212 killed, 130 slow, …` */
export function listed(counts: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(counts).toSorted((a, b) => b[1] - a[1]);
  return sorted.length === 0 ? 'none' : sorted.map(([name, count]) => `${count} ${name}`).join(', ');
}

/** The rule of three: after no case in `count` independent ones, 95 times of 100 the true rate is below this. */
export function boundOf(count: number): string {
  return `at most ${((3 / Math.max(1, count)) * 100).toPrecision(2)} % at 95 % confidence`;
}
