import { SnvgError } from '../errors.js';
import { obstacleAt, type Obstacle, type PostingRules } from './rules.js';
import { slotsAfter, type Slots } from './slots.js';
import { inZone, type Instant } from './zone.js';

/** Nobody plans further ahead, and a rule that lets nothing through must be noticed. */
const horizonMs = 2 * 366 * 86_400_000;

/** What stands against most slots, and against one time. */
const because: Readonly<Record<Obstacle, { slots: string; time: string }>> = {
  taken: { slots: 'something is planned for them already', time: 'something is planned for it already' },
  spacing: { slots: 'they are too near to other posts (--spacing)', time: 'it is too near to another post (--spacing)' },
  'day-full': { slots: 'the days are full (--max-per-day)', time: 'the day is full (--max-per-day)' },
  quiet: { slots: 'they lie in the quiet hours (--quiet-hours)', time: 'it lies in the quiet hours (--quiet-hours)' },
};

/**
 * The next slots in which nothing stands against a post, soonest first; each one chosen counts for those after it.
 *
 * @param takenMs times of what is posted or planned on the account
 * @throws {SnvgError} USAGE when there are too few within two years, with what stands against the rest
 */
export function nextFreeSlots(slots: Slots, count: number, context: { afterMs: number; takenMs: readonly number[]; rules: PostingRules }): Instant[] {
  const { afterMs, rules } = context;
  const taken = [...context.takenMs];
  const free: Instant[] = [];
  const refused = new Map<Obstacle, number>();
  if (count === 0) return free;
  for (const slot of slotsAfter(slots, rules.zone, afterMs)) {
    if (slot.atMs - afterMs > horizonMs) break;
    const obstacle = obstacleAt(slot.atMs, taken, rules);
    if (obstacle !== undefined) {
      refused.set(obstacle, (refused.get(obstacle) ?? 0) + 1);
      continue;
    }
    free.push(slot);
    taken.push(slot.atMs);
    if (free.length === count) return free;
  }
  const [most] = [...refused].toSorted((a, b) => b[1] - a[1]);
  throw new SnvgError('USAGE', `${JSON.stringify(slots.text)} has ${free.length} free ${free.length === 1 ? 'slot' : 'slots'} within two years, and ${count} are needed${most ? `: ${because[most[0]].slots}` : ''}`, 'Give more slots, or ask less of them.');
}

/**
 * Times that begin at a moment a person named: the first at that moment, each further one a spacing later, where the rules let it.
 *
 * @throws {SnvgError} USAGE when the rules do not let the first one
 */
export function timesFrom(atMs: number, count: number, context: { takenMs: readonly number[]; rules: PostingRules }): number[] {
  const { rules } = context;
  const { spacingMs, zone } = rules;
  const taken = [...context.takenMs];
  const times: number[] = [];
  const limitMs = atMs + horizonMs;
  for (let candidate = atMs; times.length < count; candidate += Math.max(60_000, spacingMs ?? 60_000)) {
    const obstacle = obstacleAt(candidate, taken, rules);
    // Somebody who names a time may have two posts at it; a slot is for one.
    const allowed = obstacle === undefined || (obstacle === 'taken' && spacingMs === null && times.length === 0);
    if (!allowed && times.length === 0) throw new SnvgError('USAGE', `Nothing can be planned for ${inZone(atMs, zone)}: ${because[obstacle].time}`, 'Choose another time, or give the rule another value for this time.');
    if (candidate > limitMs) throw new SnvgError('USAGE', `Only ${times.length} of ${count} times are free within two years`, 'Ask less of them (--spacing, --max-per-day, --quiet-hours).');
    if (!allowed) continue;
    times.push(candidate);
    taken.push(candidate);
  }
  return times;
}
