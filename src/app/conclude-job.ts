import type { Manifest } from '../artifacts/schemas/manifest.js';
import { reportError, SnvgError } from '../errors.js';
import type { OutputFolder } from '../output/folder.js';
import { buildManifest } from '../output/manifest.js';
import type { JobOutcome } from '../pipeline/plan.js';
import type { Runner } from '../pipeline/runner.js';
import type { App } from './app.js';
import type { Delivery } from './delivery.js';
import type { JobPlace } from './job-request.js';
import { publishDelivered, type ReadyTargets } from './publishing/publish-delivered.js';
import { reportHtml } from './report.js';

export const manifestName = 'manifest.json';
const reportName = 'report.html';

/** How a job ended whose plan was carried out. */
export interface Concluded {
  state: Manifest['job']['state'];
  clips: number;
  manifest: Manifest;
  error: SnvgError | Error | undefined;
}

interface Concluding {
  outcome: JobOutcome;
  runner: Runner;
  delivery: Delivery;
  folder: OutputFolder;
  targets: ReadyTargets;
  signal: AbortSignal;
}

/** Publishes what was asked for, writes manifest and report, and says how it ended. */
export async function concludeJob(app: App, place: JobPlace, work: Concluding): Promise<Concluded> {
  const { outcome, runner, delivery, folder } = work;
  const error = verdict(app, outcome, runner);
  const state = outcome.failures.length === 0 && outcome.clips.length > 0 ? 'done' : outcome.clips.length > 0 ? 'partly-done' : 'failed';
  const candidates = outcome.candidates && (await runner.read(outcome.candidates));
  const transcript = outcome.transcript && (await runner.read(outcome.transcript));
  const write = async (publications: Manifest['publications']): Promise<Manifest> => {
    const manifest = buildManifest({
      job: { id: place.jobId, state },
      source: { path: place.sourcePath, sha256: outcome.file.sha256, artifact: outcome.source },
      language: transcript && transcript.words.length > 0 ? transcript.language : null,
      stages: runner.tallies(),
      clips: delivery.clips(),
      candidates,
      publications,
      notices: runner.notices,
    });
    await folder.write(reportName, await reportHtml({ manifest, candidates, transcript, delivered: delivery.outputs() }));
    await folder.write(manifestName, `${JSON.stringify(manifest, null, 1)}\n`);
    return manifest;
  };
  let manifest = await write([]);
  // A run that made nothing replaces nothing: earlier clips stay where they are.
  if (state === 'done') await folder.retireAllBut(new Set([...delivery.names(), manifestName, reportName]));
  const published = await publishDelivered(app, { job: { id: place.jobId, outputDir: place.outputDir }, targets: work.targets, signal: work.signal, notice: (notice) => runner.notice(notice) });
  if (published) manifest = await write(published.publications);
  return { state, clips: manifest.clips.length, manifest, error: error ?? published?.error };
}

/** The error a finished job ends with: nothing made, some made, or (under --strict) made in a lesser way. */
function verdict(app: App, outcome: JobOutcome, runner: Runner): SnvgError | Error | undefined {
  const [failure] = outcome.failures;
  if (failure && outcome.clips.length === 0) return failure.error instanceof Error ? failure.error : new Error(String(failure.error));
  if (failure) {
    const { message, remedy } = reportError(failure.error);
    return new SnvgError('PARTLY_DONE', `${outcome.failures.length} of ${outcome.failures.length + outcome.clips.length} clips failed; the first: ${message}`, `${remedy} Running again makes only what is missing.`, { cause: failure.error });
  }
  if (outcome.clips.length === 0) {
    const why = runner.notices.findLast((notice) => notice.severity === 'degraded');
    return new SnvgError('NO_CLIP', why ? `No clip was made: ${why.message}` : 'No clip was made: nothing in the source was worth one', why?.remedy ?? 'Try other lengths with --min-length and --max-length; report.html lists every candidate with its reason.');
  }
  return strictly(app.settings.strict, runner);
}

/** Under --strict, the error for what was made in a lesser way. */
export function strictly(strict: boolean, runner: Runner): SnvgError | undefined {
  const lesser = strict ? runner.notices.find((notice) => notice.severity === 'degraded') : undefined;
  return lesser && new SnvgError('DEGRADED', `Done in a lesser way (${lesser.code}): ${lesser.message}`, lesser.remedy);
}
