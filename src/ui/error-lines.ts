import { styleText } from 'node:util';
import { ExitCode, reportError, type ErrorReport } from '../errors.js';
import { terminalText } from './terminal-text.js';

interface Output {
  write(text: string): unknown;
}

/** An error in two lines: what failed and why; what to do. */
export function errorLines(report: ErrorReport, color: boolean): [string, string] {
  const paint = (format: Parameters<typeof styleText>[0], text: string): string => (color ? styleText(format, text, { validateStream: false }) : text);
  return [`${paint(['red', 'bold'], `error ${report.code}`)}: ${terminalText(report.message)}`, `${paint('cyan', '→')} ${terminalText(report.remedy)}`];
}

/**
 * Shows an error where the run's mode wants it and returns the exit code that goes with it:
 * two lines on stderr, or one `{error}` object on stdout; with `stack`, also
 * the stack of a fault in snvg itself on stderr.
 */
export function printError(error: unknown, to: { json: boolean; color: boolean; stdout: Output; stderr: Output; stack?: boolean }): number {
  const report = reportError(error);
  if (to.json) to.stdout.write(`${JSON.stringify({ error: report })}\n`);
  else for (const line of errorLines(report, to.color)) to.stderr.write(`${line}\n`);
  if (to.stack && report.exitCode === ExitCode.bug && error instanceof Error && error.stack) to.stderr.write(`${error.stack}\n`);
  return report.exitCode;
}
