import { setTimeout as sleep } from 'node:timers/promises';
import { PlaceFault } from '../place.js';
import type { ConnectionEnd } from './connection.js';
import type { LinkStreams } from './worker-link.js';

/** What the end of a connection says about the machine. */
export async function faultOf(end: ConnectionEnd, name: string, streams: LinkStreams, farewell?: { reason: string; message: string }): Promise<PlaceFault> {
  if (farewell && (end.type === 'closed' || end.type === 'here')) {
    if (farewell.reason === 'silence') return new PlaceFault('network', `${name} heard nothing from this machine: ${farewell.message}`, 'See whether the network holds; the work goes on elsewhere.');
    return new PlaceFault('host', `The agent on ${name} ended: ${farewell.message}`, 'See its log with --log-level info; snvg hosts test tells whether it works again.');
  }
  if (end.type === 'silence') return new PlaceFault('network', `${name} does not answer any more`, 'See whether it can be reached; the work goes on elsewhere.');
  if (end.type === 'garbled') return new PlaceFault('network', `What came from ${name} could not be understood (${(end.cause as Error).message})`, 'Something on the way or in its login scripts adds to or changes what snvg sends there.', { cause: end.cause });
  if (end.type === 'here') return new PlaceFault('network', `The connection with ${name} was closed`, 'Nothing is needed.');
  const { exitCode, stderrTail } = await endOf(streams);
  return new PlaceFault('network', `The connection with ${name} broke${exitCode === undefined ? '' : ` (code ${exitCode})`}${lastWords(stderrTail)}`, 'See whether it can be reached; the work goes on elsewhere.', { cause: end.cause });
}

/** One whose stdout has ended ends soon by itself, or is ended. */
const leaveMs = 1_000;

/** How the process at this end went, when its stdout has ended. */
export async function endOf(streams: LinkStreams): Promise<Awaited<LinkStreams['ended']>> {
  const late = new AbortController();
  const end = await Promise.race([streams.ended, sleep(leaveMs, undefined, { signal: late.signal }).catch(() => undefined)]);
  late.abort();
  if (end) return end;
  streams.kill();
  return streams.ended;
}

/** What a process said last on stderr that is not a line of its log. */
export function lastWords(stderrTail: readonly string[]): string {
  const last = stderrTail.filter((line) => line.trim() !== '' && !line.startsWith('{')).slice(-2);
  return last.length === 0 ? '' : `: ${last.join(' | ')}`;
}
