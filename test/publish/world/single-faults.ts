import type { Fault } from '../../../src/sandbox/faults.js';

/** Everything that can befall one request, for tests that let it befall each. */
export const singleFaults: readonly Fault[] = [
  { kind: 'drop-before' },
  { kind: 'drop-after' },
  { kind: 'half-body' },
  { kind: 'slow' },
  { kind: 'duplicate' },
  ...[401, 403, 409, 429, 500, 503].map((status): Fault => ({ kind: 'status', status })),
  ...[500, 503].map((status): Fault => ({ kind: 'error-after', status })),
];
