import { SnvgError } from '../../../errors.js';
import type { Hopeless } from './scheduler.js';
import type { Fault } from './task-record.js';

/** The error of a task for which no place is left. `what` is the task's name for people, `cure` what one of the hosts needs. */
export function explainHopeless(why: Hopeless, what: string, cure: string | undefined): SnvgError {
  if (why.reason === 'failed-everywhere') {
    const places = new Map<string, Fault>(why.faults.map((fault) => [fault.place, fault]));
    const told = [...places.values()].map(({ place, blame, message }) => `${place} (${blame}: ${message})`).join('; ');
    return new SnvgError('HOST_FAILED', `${what} failed on every host it was given to: ${told}`, `Look at them with snvg hosts test, or leave out --no-here to have this machine do it, then run again: finished work is kept.`);
  }
  const told = why.hosts.map(({ name, problem }) => `${name} (${problem ?? 'has not answered yet'})`).join('; ');
  return new SnvgError('REMOTE_UNAVAILABLE', why.hosts.length === 0 ? 'There is no host to give the work to' : `No host takes work: ${told}`, `${(cure ?? 'Look at them with snvg hosts test').replace(/\.?$/, '.')} Or leave out --no-here to have this machine do it; then run again: finished work is kept.`);
}
