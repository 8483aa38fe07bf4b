/**
 * Moments between two durable steps at which a process may be made to die, so that tests can show that whoever comes after goes on from there:
 * a task's artifacts lie in the store and its result does not; its result does and no event says so; the event does and the clip is not delivered.
 */
export type CrashPoint = 'artifacts-stored' | 'result-stored' | 'event-stored';

/** Kills this process, as `kill -9` would, where `SNVG_CRASH_AT` is `<point>` or `<point>:<operation>`; nothing otherwise. */
export function crashPoint(point: CrashPoint, op: string): void {
  const wanted = process.env['SNVG_CRASH_AT'];
  if (wanted === point || wanted === `${point}:${op}`) process.kill(process.pid, 'SIGKILL');
}
