import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/**
 * An ffmpeg that keeps a verbose report of each of its runs in `dir` (its own FFREPORT facility) and is otherwise
 * the real one: the reports say how many frames each run decoded.
 */
export function reportingFfmpeg(dir: string): string {
  const reports = join(dir, 'reports');
  mkdirSync(reports, { recursive: true });
  const real = execFileSync('/bin/sh', ['-c', 'command -v ffmpeg'], { encoding: 'utf8' }).trim();
  const wrapper = join(dir, 'ffmpeg');
  writeFileSync(wrapper, `#!/bin/sh\nFFREPORT="file=${reports}/$$.log:level=40" exec '${real}' "$@"\n`);
  chmodSync(wrapper, 0o755);
  return wrapper;
}

export interface DecodedFrames {
  /** Video frames of the source decoded by runs that encode a clip. */
  inRenders: number;
  /** Video frames of the source decoded by any other run. */
  elsewhere: number;
}

/** Adds up the reports about runs that read `source`. */
export function countDecodedFrames(dir: string, source: string): DecodedFrames {
  const counted: DecodedFrames = { inRenders: 0, elsewhere: 0 };
  for (const name of readdirSync(join(dir, 'reports'))) {
    const report = readFileSync(join(dir, 'reports', name), 'utf8');
    const inputs = [...report.matchAll(/^Input #\d+, .* from '(.*)':$/gm)].map(([, path]) => path?.replace(/^file:/, ''));
    if (!inputs.includes(source)) continue;
    const frames = [...report.matchAll(/^ +Input stream #\d+:\d+ \(video\): .*?(\d+) frames decoded/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
    if (/^Command line:\n.*\blibx264\b/m.test(report)) counted.inRenders += frames;
    else counted.elsewhere += frames;
  }
  return counted;
}
