import type { Candidate } from '../../artifacts/schemas/selection.js';
import type { Notice } from '../notice.js';
import { clock } from './clock-text.js';

/** Candidates kept in the artifact; a long source has one for each sentence. */
const keptCandidates = 200;

/** How many clips a source of this length is asked for: one a minute, 1 to 9, unless a person says a number. */
export function wantedClips(asked: number | null, durationUs: number): number {
  return asked ?? Math.min(9, Math.max(1, Math.round(durationUs / 60_000_000)));
}

/** The notice that fewer clips were made than wanted, with what kept the others out. */
export function fewer(made: number, wanted: number, asked: boolean, records: readonly Candidate[]): Omit<Notice, 'stage'> {
  return {
    code: 'FEWER_CLIPS',
    message: `${made} of ${wanted} clips: ${mainReasons(records)}`,
    remedy: 'A smaller --min-length gives more places to choose from.',
    // Somebody who asked for a number gets less than they asked for; otherwise the number is only a suggestion.
    severity: asked ? 'degraded' : 'info',
  };
}

/** What kept most candidates out, with an example of each of the three commonest kinds. */
export function mainReasons(records: readonly Candidate[]): string {
  const kinds = new Map<string, Candidate[]>();
  for (const record of records) {
    if (record.state === 'selected') continue;
    // The first words name the kind; times and numbers differ from one to the next.
    const kind = record.reason.split(/[\d“:(]/u)[0]!.trim();
    kinds.set(kind, [...(kinds.get(kind) ?? []), record]);
  }
  const common = [...kinds.values()].toSorted((a, b) => b.length - a.length).slice(0, 3);
  if (common.length === 0) return 'the source has no other passage';
  return common.map((group) => `${group.length} × ${group[0]!.reason}${group.length > 1 ? ` (the first at ${clock(group[0]!.ranges[0]!.startUs)})` : ''}`).join('; ');
}

/** The chosen and the best others; what is left out of a long source is said. */
export function keep(records: readonly Candidate[], notices: Omit<Notice, 'stage'>[]): Candidate[] {
  if (records.length <= keptCandidates) return [...records];
  const order = records.toSorted((a, b) => Number(b.state === 'selected') - Number(a.state === 'selected') || b.score - a.score || startOf(a) - startOf(b));
  const kept = new Set(order.slice(0, keptCandidates));
  notices.push({
    code: 'CANDIDATES_SHORTENED',
    message: `${records.length} candidates were weighed; the best ${keptCandidates} are listed`,
    remedy: 'Nothing to do.',
    severity: 'info',
  });
  return records.filter((record) => kept.has(record));
}

function startOf(candidate: Candidate): number {
  return candidate.ranges[0]?.startUs ?? 0;
}
