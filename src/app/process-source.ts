import { setMaxListeners } from 'node:events';
import { basename } from 'node:path';
import { isUnusableArtifact } from '../artifacts/faults.js';
import type { Clip } from '../artifacts/schemas/clip.js';
import type { Manifest } from '../artifacts/schemas/manifest.js';
import { reportError, SnvgError, type ErrorReport } from '../errors.js';
import { OutputFolder } from '../output/folder.js';
import type { Notice } from '../pipeline/notice.js';
import { planJob, type JobOutcome, type JobRequest } from '../pipeline/plan.js';
import { Runner } from '../pipeline/runner.js';
import { stages } from '../pipeline/stages.js';
import type { RunEvent, RunEventBody } from '../pipeline/run-event.js';
import { crashPoint } from '../process/crash-point.js';
import type { App } from './app.js';
import { ClipNaming } from './clip-naming.js';
import { concludeJob, manifestName, strictly } from './conclude-job.js';
import { Delivery } from './delivery.js';
import { isUnchanged, rememberedFingerprints } from './fingerprints.js';
import { type ByHand, jobRequest, type JobPlace } from './job-request.js';
import { Meter, Preflight } from './preflight.js';
import { readyToPublish } from './publishing/publish-delivered.js';

/** How one source's job ended. */
export interface SourceResult {
  place: JobPlace;
  state: Manifest['job']['state'];
  /** Chosen moments that have a clip; undefined when the run was to end before rendering. */
  clips: number | undefined;
  manifest: Manifest | undefined;
  /** Why it is not simply done; its exit code is the job's. */
  error: SnvgError | Error | undefined;
}

export interface ProcessOptions {
  until: JobRequest['until'];
  /** Added to the priority of every task: which of several jobs goes first. */
  priority?: number;
  /** False when other jobs of this process share its cores. */
  alone?: boolean;
  /** In place of the setting. */
  fresh?: boolean;
  /** Words and cuts given by hand. */
  byHand?: ByHand;
  /** A job that a signal stops waits in the queue again. */
  detached?: boolean;
  /** Called when the plan has ended well, while its artifacts can be read. */
  finished?: (app: App, outcome: JobOutcome) => Promise<void>;
  /** Brings the source to this machine before anything else; absent: it lies at `sourcePath`. @throws {SnvgError} the input's own failure */
  fetch?: FetchSource;
  /** Calls back when the job may take part in the work: fetching goes on beside it. */
  turn?: <T>(work: () => Promise<T>) => Promise<T>;
  event(event: RunEvent): void;
}

/** Brings one source to this machine and says where it lies. */
export type FetchSource = (place: JobPlace, context: FetchRun) => Promise<{ path: string; /** What it is called there. */ name?: string }>;

export interface FetchRun {
  app: App;
  signal: AbortSignal;
  /** Whatever lies here already. */
  fresh: boolean;
  progress(receivedBytes: number, totalBytes?: number): void;
  notice(notice: Notice): void;
}

const cancelPollMs = 300;
/** Damaged or missing artifacts that one run makes anew: with more, the disk is at fault. */
const mostRemade = 32;

/** Takes one source through the stages as its only writer. Expected failures are returned, not thrown. */
export async function processSource(run: App, place: JobPlace, options: ProcessOptions): Promise<SourceResult> {
  const { jobId, sourcePath, outputDir } = place;
  const app: App = { ...run, settings: { ...run.settings, ...place.settings }, log: run.log.child({ job: jobId }) };
  const { output: _output, ...kept } = app.settings;
  app.jobs.claim({ id: jobId, sourcePath, outputDir, settings: { ...kept, output: outputDir }, request: { until: options.until, ...options.byHand } }, app.self);
  const emit = (body: RunEventBody): void => {
    const event: RunEvent = { ...body, jobId, at: app.clock.nowMs() };
    app.events.append(event);
    options.event(event);
  };
  const cancel = watchCancel(app, jobId);
  emit({ type: 'job-started', source: place.name ?? basename(sourcePath), outputDir });
  let result: SourceResult;
  try {
    const { fetch, turn } = options;
    const progress = (receivedBytes: number, totalBytes?: number): void => emit({ type: 'fetch-progress', receivedBytes, ...(totalBytes === undefined ? {} : { totalBytes }) });
    const early: Notice[] = [];
    const fresh = options.fresh ?? app.settings.fresh;
    // A folder that cannot take the clips is known before the bytes are here.
    if (fetch && place.input) await OutputFolder.inspect(outputDir, jobId);
    const local = fetch ? await fetch(place, { app, signal: cancel.signal, fresh, progress, notice: (notice) => early.push(notice) }) : { path: sourcePath };
    const work = async (): Promise<SourceResult> => {
      const met = new Set<string>();
      for (;;) {
        try {
          return await workOn(app, place, { ...options, ...(met.size > 0 ? { fresh: false } : {}), local, early }, emit, cancel.signal);
        } catch (error) {
          if (!isUnusableArtifact(error) || met.has(error.hash) || met.size === mostRemade || cancel.signal.aborted) throw error;
          // What was damaged is gone from the cache by now: the task that made it is done again, all others are answered from there.
          met.add(error.hash);
          app.log.warn({ code: error.code, artifact: error.hash }, 'an artifact cannot be used: it is made anew');
        }
      }
    };
    result = await (turn ? turn(work) : work());
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    result = { place, state: cancel.signal.aborted ? 'cancelled' : 'failed', clips: options.until === 'render' ? 0 : undefined, manifest: undefined, error };
  } finally {
    cancel.stop();
  }
  const report: ErrorReport | null = result.error ? reportError(result.error) : null;
  if (options.detached && result.state === 'cancelled' && app.signal.aborted && !asked(app, jobId)) {
    try {
      app.queue.putBack(jobId, app.self, () => emit({ type: 'job-queued', source: place.name ?? basename(sourcePath), outputDir }));
    } catch (error) {
      // It is found again by the end of this process.
      app.log.warn({ code: reportError(error).code }, 'the job could not be put back');
    }
    return result;
  }
  const last: RunEvent = {
    jobId,
    at: app.clock.nowMs(),
    type: 'job-finished',
    state: result.state,
    outputDir,
    ...(result.clips === undefined ? {} : { clips: result.clips }),
    ...(result.manifest ? { manifestPath: `${outputDir}/${manifestName}` } : {}),
    ...(report ? { error: report } : {}),
  };
  options.event(last);
  try {
    app.events.append(last);
    app.jobs.release(jobId, result.state, report);
  } catch (error) {
    // A disk that is full for the database too. The lease goes with this process; the first fault is the one to tell.
    result.error ??= error instanceof Error ? error : new Error(String(error));
  }
  return result;
}

interface Fetched {
  /** Where the source lies, and what it is called there. */
  local: { path: string; name?: string };
  /** What was to be said while it was fetched. */
  early: readonly Notice[];
}

async function workOn(app: App, place: JobPlace, options: ProcessOptions & Fetched, emit: (body: RunEventBody) => void, signal: AbortSignal): Promise<SourceResult> {
  const { settings } = app;
  const request = jobRequest({ ...place, sourcePath: options.local.path, ...(options.local.name === undefined ? {} : { name: options.local.name }) }, settings, options.until, options.byHand);
  const targets = await readyToPublish(app);
  const rendering = request.until === 'render';
  const folder = await OutputFolder.inspect(place.outputDir, place.jobId);
  const preflight = new Preflight(app, place, request);
  await preflight.begin();
  const naming = ClipNaming.of(settings.nameTemplate, place.outputDir);
  if (rendering && !request.moments && request.clips !== 1) naming.requireDistinct();
  const fresh = options.fresh ?? settings.fresh;
  if (fresh) await forget(app, place.jobId);
  const doneBefore = fresh ? new Set<string>() : opsDone(app, place.jobId);
  const meter = new Meter();
  const startedMs = performance.now();

  const fingerprint = rememberedFingerprints(app.memo);
  await (await stages.ingest()).checkFile(request.path);
  const given = await fingerprint(request.path, { signal });
  const requireUnchanged = async (): Promise<void> => {
    if (await isUnchanged(given, fingerprint)) return;
    // What was made of it bears the fingerprint of other contents.
    await forget(app, place.jobId);
    throw new SnvgError('MEDIA_UNREADABLE', `${basename(place.name ?? place.sourcePath)} was changed, replaced or removed while it was worked on`, 'Wait until it is completely written, then run again: nothing that was made of it meanwhile is kept.');
  };
  // What fails ends the rest of the plan: nobody would use its results in this run.
  const ending = new AbortController();
  const planSignal = AbortSignal.any([signal, ending.signal]);
  setMaxListeners(0, planSignal);
  const runner = new Runner({
    backend: await app.backend(),
    store: app.store,
    results: app.results,
    toolchain: await app.toolchain(),
    signal: planSignal,
    emit: metered(emit, meter),
    fingerprint,
    priority: options.priority ?? 0,
    log: app.log,
  });
  for (const notice of options.early) runner.notice(notice);
  const delivery = new Delivery(folder, app.store, naming, request.formats);
  let outcome: JobOutcome;
  try {
    outcome = await planJob(runner, request, {
      finishStage: (id) => runner.finishStage(id),
      sourceKnown: async (source) => {
        const { notice, event } = await preflight.sourceKnown(source, doneBefore);
        if (event) emit(event);
        if (notice) runner.notice(notice);
      },
      selected: async ({ file, source, selection }) => {
        if (!rendering) return;
        await naming.plan(place, { file, selection });
        const notice = await preflight.selected(source, selection.moments, doneBefore);
        if (notice) runner.notice(notice);
      },
      editedCaptions: async (moment) => {
        const path = await folder.editedCaptions(moment.lineage);
        return path === undefined ? undefined : fingerprint(path);
      },
      clipReady: async (rendered) => {
        crashPoint('event-stored', 'render.clip');
        await requireUnchanged();
        const clip: Clip = await runner.read(rendered.clip);
        const { output } = await delivery.deliver(rendered, clip);
        const { index, title, score } = rendered.moment;
        emit({ type: 'clip-ready', index, title, score, path: `${place.outputDir}/${output.path}`, format: rendered.format, durationUs: clip.durationUs });
      },
    });
    const unusable = outcome.failures.find((failure) => isUnusableArtifact(failure.error));
    if (unusable) throw unusable.error;
  } catch (error) {
    ending.abort(error);
    throw error;
  } finally {
    await runner.settle();
  }
  await requireUnchanged();
  meter.learn(app, { source: outcome.source, clips: delivery.outputs().map(({ clip }) => clip), ...(options.alone === false ? {} : { wallMs: performance.now() - startedMs }) });
  await options.finished?.(app, outcome);
  if (!rendering) return { place, state: 'done', clips: undefined, manifest: undefined, error: strictly(settings.strict, runner) };
  return { place, ...(await concludeJob(app, place, { outcome, runner, delivery, folder, targets, signal })) };
}

/** Operations that an earlier run of the job has finished. */
function opsDone(app: App, jobId: string): Set<string> {
  return new Set(app.events.tasks(jobId).flatMap(({ op, state }) => (state === 'finished' ? [op] : [])));
}

function metered(emit: (body: RunEventBody) => void, meter: Meter): (body: RunEventBody) => void {
  return (body) => {
    meter.note(body);
    emit(body);
  };
}

/** Makes this job's tasks unknown again; artifacts that no other job refers to go with the next `snvg jobs clean`. */
async function forget(app: App, jobId: string): Promise<void> {
  for (const task of app.events.tasks(jobId)) await app.results.delete(task.key);
}

/** A database that cannot be read now is asked again; whoever must write to it says what is wrong. */
function asked(app: App, jobId: string): boolean {
  try {
    return app.jobs.cancelRequested(jobId);
  } catch {
    return false;
  }
}

/** The app's signal, also aborted when somebody asks for this job to be cancelled. */
function watchCancel(app: App, jobId: string): { signal: AbortSignal; stop(): void } {
  const cancelled = new AbortController();
  const timer = setInterval(() => {
    if (!asked(app, jobId)) return;
    clearInterval(timer);
    cancelled.abort(new SnvgError('TERMINATED', `Job ${jobId} was cancelled`, `Finished work is kept; go on with: snvg jobs retry ${jobId}`));
  }, cancelPollMs);
  timer.unref();
  const signal = AbortSignal.any([app.signal, cancelled.signal]);
  // Every task in flight listens; their number is the plan's, not a leak.
  setMaxListeners(0, signal);
  return { signal, stop: () => clearInterval(timer) };
}
