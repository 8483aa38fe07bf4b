import { expect, it } from 'vitest';
import { SnvgError } from '../../src/errors.js';
import { ToolFailure } from '../../src/process/run.js';
import { failureOf } from '../../src/worker/failure.js';
import { MemoryKills } from '../../src/worker/memory-kills.js';

const killed = (endedBy: string): SnvgError =>
  new SnvgError('TOOL_FAILED', 'ffmpeg failed', 'See above.', { cause: new ToolFailure('ffmpeg was ended', { exitCode: undefined, endedBy, stderrTail: [], notStarted: false }) });

/** A count as Linux keeps it, that a test can raise. */
function countedKills(counts: (number | undefined)[]): MemoryKills {
  return new MemoryKills(() => counts.shift());
}

it.each<[string, unknown, string]>([
  ['a source that cannot be decoded', new SnvgError('MEDIA_UNREADABLE', 'no', 'no'), 'task'],
  ['a fault of snvg', new TypeError('undefined is not a function'), 'task'],
  ['a tool that failed by itself', killed('SIGSEGV'), 'task'],
  ['a full disk', Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' }), 'capacity'],
  ['no memory to start a program', new Error('cannot start', { cause: Object.assign(new Error('spawn ENOMEM'), { code: 'ENOMEM', syscall: 'spawn' }) }), 'capacity'],
  ['a model that is damaged there', new SnvgError('MODEL_CORRUPT', 'no', 'no'), 'host'],
  ['a program that is not there any more', new ToolFailure('ffmpeg', { exitCode: undefined, endedBy: undefined, stderrTail: [], notStarted: true }), 'host'],
  ['a file of the cache that cannot be read', Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'read' }), 'host'],
])('blames %s rightly', (_what, error, blame) => {
  expect(failureOf(error, countedKills([0, 0, 0])).class).toBe(blame);
});

it('takes a SIGKILL for want of memory only where the system has killed something', () => {
  const kills = countedKills([3, 3, 5, 5, 5]);
  expect(failureOf(killed('SIGKILL'), kills).class).toBe('host');
  expect(failureOf(killed('SIGKILL'), kills).class).toBe('capacity');
  expect(failureOf(killed('SIGKILL'), kills).class).toBe('capacity');
  expect(failureOf(killed('SIGKILL'), kills).class).toBe('host');
});

it('takes it so where the system does not say', () => {
  expect(failureOf(killed('SIGKILL'), countedKills([undefined, undefined])).class).toBe('capacity');
});
