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
  const { exitCode, stderrTail } = await streams.ended;
  return new PlaceFault('network', `The connection with ${name} broke${exitCode === undefined ? '' : ` (code ${exitCode})`}${lastWords(stderrTail)}`, 'See whether it can be reached; the work goes on elsewhere.', { cause: end.cause });
}

/** What a process said last on stderr that is not a line of its log. */
export function lastWords(stderrTail: readonly string[]): string {
  const last = stderrTail.filter((line) => line.trim() !== '' && !line.startsWith('{')).slice(-2);
  return last.length === 0 ? '' : `: ${last.join(' | ')}`;
}
