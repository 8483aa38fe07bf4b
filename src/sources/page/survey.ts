import { run, ToolFailure } from '../../process/run.js';

/** The yt-dlp that would be used; undefined when there is none. Its version is the day it was made: `2023.03.04`. */
export async function surveyYtDlp(command: string): Promise<{ version: string } | undefined> {
  let version = '';
  try {
    await run({ command, args: ['--ignore-config', '--version'], cwd: '/', timeoutMs: 20_000, onStdoutLine: (line) => void (version ||= line.trim().slice(0, 40)) });
  } catch (error) {
    if (error instanceof ToolFailure) return undefined;
    throw error;
  }
  return { version };
}
