import { probeFile } from '../media/probe.js';
import { planJob } from '../pipeline/plan.js';
import type { Backend } from '../pipeline/backends/backend.js';
import type { RunEventBody } from '../pipeline/run-event.js';
import { Runner } from '../pipeline/runner.js';
import type { StageId } from '../pipeline/stage.js';
import { OutputFolder } from '../output/folder.js';
import type { Moment } from '../artifacts/schemas/selection.js';
import type { App } from './app.js';
import { ClipNaming } from './clip-naming.js';
import { rememberedFingerprints } from './fingerprints.js';
import { requireDiskSpace } from './disk-space.js';
import { type Estimate, sumOf } from './estimate.js';
import { downloadsDirOf } from './fetch-source.js';
import { downloadedInput } from '../sources/registry.js';
import { jobRequest, type JobPlace } from './job-request.js';
import { Preflight } from './preflight.js';

/** A task a run would ask for. */
interface DryTask {
  stage: StageId;
  op: string;
  label: string;
  cached: boolean;
}

/** What a run would do, as far as it can be known without doing it. */
export interface DryPlan {
  place: JobPlace;
  tasks: DryTask[];
  /** The stage whose unfinished work decides everything after it; undefined when all is known. */
  decidedBy: StageId | undefined;
  /** Clips a run would make: exact when the selection is known, else a range. */
  clips: { min: number; max: number };
  durationUs: number | undefined;
  /** What is still to spend; undefined when not even the length is known. */
  estimate: Estimate | undefined;
  /** Said when the disks may turn out too small. */
  warning: string | undefined;
}

/** Thrown in place of running a task; the plan ends there. */
class NotRun extends Error {
  readonly stage: StageId;
  constructor(stage: StageId) {
    super(`not run: ${stage}`);
    this.stage = stage;
  }
}

/** A backend that runs nothing. */
const dryBackend: Backend = {
  id: 'dry-run',
  submit: (task) => ({
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new NotRun(task.stage)) }),
  }),
  capacity: () => ({ total: 0, free: 0 }),
  close: () => Promise.resolve(),
};

/** What a run over several sources would do, and what it takes together; undefined when one length is not known. */
export async function planAll(app: App, places: readonly JobPlace[]): Promise<{ plans: DryPlan[]; total: Estimate | undefined; warning: string | undefined }> {
  const plans: DryPlan[] = [];
  for (const place of places) plans.push(await planDry(app, place));
  const estimates = plans.flatMap(({ estimate }) => estimate ?? []);
  const notice = await requireDiskSpace(plans.flatMap(({ place, estimate }) => (estimate ? new Preflight(app, place, jobRequest(place, app.settings, 'render')).needs(estimate) : [])));
  return { plans, total: estimates.length === plans.length ? sumOf(estimates) : undefined, warning: notice && `${notice.message} ${notice.remedy}` };
}

/** Walks the plan with a backend that runs nothing, and writes nothing. @throws {SnvgError} as a real run would before its first task */
async function planDry(run: App, given: JobPlace): Promise<DryPlan> {
  const app: App = given.settings ? { ...run, settings: { ...run.settings, ...given.settings } } : run;
  const here = given.input ? await downloadedInput(given.input, downloadsDirOf(app.paths)) : { path: given.sourcePath, name: given.name };
  if (!here) return notHereYet(app, given);
  const place: JobPlace = given.input ? { ...given, sourcePath: here.path, ...(here.name === undefined ? {} : { name: here.name }) } : given;
  const request = jobRequest(place, app.settings, 'render');
  const folder = await OutputFolder.inspect(place.outputDir, place.jobId);
  const naming = ClipNaming.of(app.settings.nameTemplate, place.outputDir);
  if (request.clips !== 1) naming.requireDistinct();
  const tasks: DryTask[] = [];
  const emit = (event: RunEventBody): void => {
    if (event.type !== 'task-finished' && event.type !== 'task-queued') return;
    tasks.push({ stage: event.stage, op: event.op, label: event.label, cached: event.type === 'task-finished' && !app.settings.fresh });
  };
  const forgetful = { get: (key: string) => app.memo.get(key), set: () => {} };
  const fingerprint = rememberedFingerprints(forgetful);
  const runner = new Runner({ backend: dryBackend, store: app.store, results: app.results, toolchain: await app.toolchain(), signal: app.signal, emit, fingerprint });
  let durationUs: number | undefined;
  let clips: DryPlan['clips'] | undefined;
  let moments: readonly Moment[] | undefined;
  let decidedBy: StageId | undefined;
  try {
    const outcome = await planJob(runner, request, {
      finishStage: () => {},
      sourceKnown: (source) => {
        durationUs = source.durationUs;
        return Promise.resolve();
      },
      selected: async ({ file, selection }) => {
        await naming.plan(place, { file, selection });
        moments = selection.moments;
        const count = selection.moments.length * request.formats.length;
        clips = { min: count, max: count };
      },
      editedCaptions: async (moment) => {
        const path = await folder.editedCaptions(moment.lineage);
        return path === undefined ? undefined : fingerprint(path);
      },
      clipReady: () => Promise.resolve(),
    });
    const [unmade] = outcome.failures;
    if (unmade) {
      if (!(unmade.error instanceof NotRun)) throw unmade.error;
      decidedBy = unmade.error.stage;
    }
  } catch (error) {
    if (!(error instanceof NotRun)) throw error;
    decidedBy = error.stage;
  } finally {
    await runner.settle();
  }
  durationUs ??= await durationOf(app, request.path);
  const preflight = new Preflight(app, place, request);
  await preflight.begin();
  const cached = new Set(tasks.flatMap((task) => (task.cached ? [task.op] : [])));
  // A moment rendered in every format costs nothing any more; of one rendered in some, all is counted.
  const rendered = tasks.filter((task) => task.op === 'render.clip' && task.cached).length;
  const left = moments?.slice(Math.floor(rendered / request.formats.length));
  const estimate = durationUs === undefined ? undefined : preflight.estimate({ durationUs }, cached, left);
  const notice = estimate && (await preflight.requireSpace(estimate));
  return { place: given, tasks, decidedBy, durationUs, estimate, warning: notice && `${notice.message} ${notice.remedy}`, clips: clips ?? likelyClips(app, durationUs, request.formats.length) };
}

/** A remote input that no run has downloaded: nothing more can be said without doing so. */
async function notHereYet(app: App, place: JobPlace): Promise<DryPlan> {
  await OutputFolder.inspect(place.outputDir, place.jobId);
  const download: DryTask = { stage: 'ingest', op: 'ingest.fetch', label: `download ${place.name ?? place.sourcePath}`, cached: false };
  return { place, tasks: [download], decidedBy: 'ingest', durationUs: undefined, estimate: undefined, warning: undefined, clips: likelyClips(app, undefined, app.settings.format.length) };
}

/** The length as the file states it, when no earlier run has looked; a file that states none leaves it open. */
async function durationOf(app: App, path: string): Promise<number | undefined> {
  const { format } = await probeFile({ toolchain: await app.toolchain(), signal: app.signal, scratchDir: '/' }, path);
  const seconds = Number(format.duration);
  return seconds > 0 ? Math.round(seconds * 1_000_000) : undefined;
}

function likelyClips(app: App, durationUs: number | undefined, formats: number): DryPlan['clips'] {
  const most = app.settings.clips ?? (durationUs === undefined ? 9 : Math.min(9, Math.max(1, Math.round(durationUs / 60_000_000))));
  return { min: 0, max: most * formats };
}
