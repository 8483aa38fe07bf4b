import { planJob } from '../pipeline/plan.js';
import type { Backend } from '../pipeline/backends/backend.js';
import type { RunEventBody } from '../pipeline/run-event.js';
import { Runner } from '../pipeline/runner.js';
import type { StageId } from '../pipeline/stage.js';
import { OutputFolder } from '../output/folder.js';
import type { App } from './app.js';
import { ClipNaming } from './clip-naming.js';
import { rememberedFingerprints } from './fingerprints.js';
import { jobRequest, type JobPlace } from './job-request.js';

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

/** Walks the plan with a backend that runs nothing, and writes nothing. @throws {SnvgError} as a real run would before its first task */
export async function planDry(app: App, place: JobPlace): Promise<DryPlan> {
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
  let decidedBy: StageId | undefined;
  try {
    const outcome = await planJob(runner, request, {
      finishStage: () => {},
      sourceKnown: (source) => {
        durationUs = source.durationUs;
      },
      selected: async ({ file, selection }) => {
        await naming.plan(place, { file, selection });
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
  return { place, tasks, decidedBy, durationUs, clips: clips ?? likelyClips(app, durationUs, request.formats.length) };
}

function likelyClips(app: App, durationUs: number | undefined, formats: number): DryPlan['clips'] {
  const most = app.settings.clips ?? (durationUs === undefined ? 9 : Math.min(9, Math.max(1, Math.round(durationUs / 60_000_000))));
  return { min: 0, max: most * formats };
}
