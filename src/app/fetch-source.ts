import { basename, join } from 'node:path';
import { fetchInput } from '../sources/registry.js';
import type { FetchContext, LocalInput } from '../sources/source.js';
import type { App } from './app.js';
import type { JobPlace } from './job-request.js';
import type { FetchRun } from './process-source.js';

const progressEveryMs = 200;
/** Slow servers think for some seconds; half a minute of nothing is a broken connection. */
const silenceMs = 30_000;

/** The file of a job's input on this disk: at once for a local one, downloaded for others. @throws {SnvgError} as `fetchInput` */
export async function fetchSource(place: JobPlace, run: FetchRun): Promise<LocalInput> {
  const { input } = place;
  if (!input) return { path: place.sourcePath, name: place.name ?? basename(place.sourcePath) };
  const { app, signal, fresh } = run;
  let toldMs = Number.NEGATIVE_INFINITY;
  const context: FetchContext = {
    signal,
    downloadsDir: downloadsDirOf(app.paths),
    fresh,
    allowPrivateNetwork: app.settings.allowPrivateNetwork,
    maxBytes: app.settings.maxDownload * 1e9,
    silenceMs,
    s3Endpoint: app.settings.s3Endpoint,
    ytDlp: app.settings.ytDlp,
    progress: (doneBytes, totalBytes) => {
      const nowMs = app.clock.monotonicMs();
      if (nowMs - toldMs < progressEveryMs) return;
      toldMs = nowMs;
      run.progress(doneBytes, totalBytes);
    },
    notice: (notice) => run.notice({ ...notice, stage: 'ingest' }),
    exclusive: (name, work) => app.exclusive.run(downloadKey(name), signal, work),
  };
  return fetchInput(input, context);
}

/** Where downloads are kept: what can be made again. */
export function downloadsDirOf({ cacheDir }: Pick<App['paths'], 'cacheDir'>): string {
  return join(cacheDir, 'downloads');
}

/** What a process claims while it works on the folder of that name among the downloads. */
export function downloadKey(name: string): string {
  return `download:${name}`;
}
