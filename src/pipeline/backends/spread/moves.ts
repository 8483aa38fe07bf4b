import type { Pace } from './pace.js';
import type { PlaceRecord } from './place-record.js';
import type { Attempt, TaskRecord } from './task-record.js';

/** Taking something back must gain more than what sending it again may cost. */
const leastGain = { ms: 200, part: 0.2 };
/** What runs is begun anew elsewhere only when that would end so much sooner; at once when its place was never measured. */
const worthBeginningAnew = { ms: 500, measured: 1.5, unmeasured: 1 };

export interface Move {
  attempt: Attempt;
  missingBytes: number;
  /** It has not started where it is, and is taken away there; otherwise it runs at both, and the first result counts. */
  takesOver: boolean;
}

/**
 * What an idle place should take of what others have: what waits there, or runs there much longer than it would take anew.
 * @param way of a task to the place and how long it would run there; undefined when the place cannot do it
 */
export function chooseMove(place: PlaceRecord, others: readonly PlaceRecord[], pace: Pace, nowMs: number, way: (task: TaskRecord) => { missingBytes: number; readyMs: number; durationMs: number } | undefined): Move | undefined {
  if (place.trust(nowMs) === 'none' || !place.mayHaveRoom(nowMs) || place.usedSlots >= place.slots) return undefined;
  let best: (Move & { gainMs: number }) | undefined;
  for (const other of others) {
    if (other === place || other.attempts.size === 0) continue;
    const { endsMs } = other.timetable(pace, nowMs);
    for (const attempt of other.attempts) {
      const { task } = attempt;
      if (attempt.leaving || task.attempts.size > 1 || typeof task.need === 'string' || task.hasFailedAt(place.name) || (!place.isHere && task.isQuarantined)) continue;
      if (place.trust(nowMs) === 'trial' ? place.attempts.size > 0 : !place.hasFreeSlots(task)) continue;
      const there = way(task);
      if (!there) continue;
      const tookMs = there.readyMs - nowMs + there.durationMs;
      const leftMs = (endsMs.get(attempt) ?? nowMs) - nowMs;
      const takesOver = attempt.startedMs === undefined;
      const measured = pace.isMeasured(other.name);
      const isWorth = takesOver ? leftMs - tookMs > Math.max(leastGain.ms, leastGain.part * tookMs) : leftMs >= tookMs * (measured ? worthBeginningAnew.measured : worthBeginningAnew.unmeasured) + (measured ? worthBeginningAnew.ms : 0);
      if (isWorth && (!best || leftMs - tookMs > best.gainMs)) best = { attempt, missingBytes: there.missingBytes, takesOver, gainMs: leftMs - tookMs };
    }
  }
  return best;
}
