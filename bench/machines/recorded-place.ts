import type { TaskResult } from '../../src/artifacts/task-results.js';
import type { Place } from '../../src/pipeline/backends/place.js';
import type { WorkOrder } from '../../src/pipeline/work-order.js';

/** One task that a place did to its end. */
export interface Done {
  place: string;
  order: Pick<WorkOrder, 'task'> & Partial<WorkOrder>;
  result: TaskResult;
  /** Bytes of inputs that were not there when it was given. */
  missingBytes: number;
  /** Milliseconds of this process's monotonic clock. */
  givenMs: number;
  startedMs: number;
  endedMs: number;
}

/** The place itself, with what it did written into `done`, in the order in which tasks were started there. */
export function recorded(place: Place, done: Done[]): Place {
  const run: Place['run'] = async (order, options) => {
    const givenMs = performance.now();
    const missingBytes = place.missingBytes(order);
    let startedMs = givenMs;
    const result = await place.run(order, {
      ...options,
      listener: (event) => {
        if (event.type === 'started') startedMs = performance.now();
        options.listener(event);
      },
    });
    done.push({ place: place.name, order, result, missingBytes, givenMs, startedMs, endedMs: performance.now() });
    return result;
  };
  return new Proxy(place, {
    get: (target, name) => {
      if (name === 'run') return run;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
