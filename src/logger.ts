import pino from 'pino';

/** Structured logs on stderr; the fields named here never reach any output. */
export type Logger = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error'> & { child(fields: Record<string, unknown>): Logger };
type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

const secretFields = ['token', 'accessToken', 'refreshToken', 'clientSecret', 'apiKey', 'authorization', 'password'];

export function createLogger(level: LogLevel): Logger {
  const paths = secretFields.flatMap((field) => [field, `*.${field}`]);
  return pino(
    { level, base: undefined, redact: { paths, censor: '[redacted]' } },
    pino.destination({ dest: 2, sync: true }),
  );
}
