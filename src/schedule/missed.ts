/** What is done with a post whose time passed while nothing ran: posted late, left out, or given the next free slot. */
export const missedPolicies = ['post', 'skip', 'next'] as const;
export type MissedPolicy = (typeof missedPolicies)[number];

/** Timers come minutes late, machines wake up, runs take turns: that is on time. */
const onTimeMs = 60 * 60_000;

/** Later than this, `post` asks a person as well: what was meant for Monday is not news on Thursday. */
const graceMs = 24 * 60 * 60_000;

/** `late`: it goes out after its time. `missed`: too late for its policy; it is left out. */
export type DueVerdict = 'wait' | 'post' | 'late' | 'missed' | 'next';

/** What to do now with something planned for `dueMs`. */
export function verdictAt(dueMs: number, nowMs: number, policy: MissedPolicy): DueVerdict {
  const lateMs = nowMs - dueMs;
  if (lateMs < 0) return 'wait';
  if (lateMs <= onTimeMs) return 'post';
  if (policy === 'next') return 'next';
  return policy === 'post' && lateMs <= graceMs ? 'late' : 'missed';
}
