import { errorCodes, SnvgError, type ErrorCode } from '../../../errors.js';
import { Incompatible, PlaceFault } from '../place.js';
import type { AgentMessage } from './messages.js';

/** What a task's failure over there is thrown as here. */
export function errorOf({ class: failure, report }: AgentMessage<'failed'>, name: string): Error {
  const { code, message, remedy } = report;
  switch (failure) {
    case 'task':
      return isErrorCode(code) ? new SnvgError(code, message, remedy) : new Error(message);
    case 'incompatible':
      return new Incompatible(`${name} would make something else: ${message}`, remedy);
    case 'cancelled':
      return new PlaceFault('host', `The task was stopped on ${name}: ${message}`, remedy);
    default:
      return new PlaceFault(failure, `${name}: ${message}`, remedy);
  }
}

function isErrorCode(code: string): code is ErrorCode {
  return (errorCodes as readonly string[]).includes(code);
}
