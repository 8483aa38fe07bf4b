import pino from 'pino';
import { redacted } from './secrets.js';

/** Structured logs on stderr, without the fields named here and without any secret the process knows of. */
export type Logger = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error'> & { child(fields: Record<string, unknown>): Logger };
type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

const secretFields = ['token', 'accessToken', 'refreshToken', 'clientSecret', 'apiKey', 'authorization', 'password'];

/** @param write where lines go in place of stderr */
export function createLogger(level: LogLevel, write?: (line: string) => void): Logger {
  const paths = secretFields.flatMap((field) => [field, `*.${field}`]);
  const out = write ? { write } : pino.destination({ dest: 2, sync: true });
  return pino({ level, base: undefined, redact: { paths, censor: '[redacted]' } }, { write: (line: string) => void out.write(redacted(line)) });
}
