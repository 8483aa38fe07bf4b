import { availableParallelism } from 'node:os';
import type { Clip } from '../artifacts/schemas/clip.js';
import type { Moment } from '../artifacts/schemas/selection.js';
import type { Source } from '../artifacts/schemas/source.js';
import type { Settings } from '../config/options.js';
import type { JobRequest } from '../pipeline/plan.js';
import type { Notice } from '../pipeline/notice.js';
import type { RunEventBody } from '../pipeline/run-event.js';
import type { App } from './app.js';
import { requireDiskSpace, type SpaceNeed } from './disk-space.js';
import { type Estimate, estimateOf, likelyClipSeconds, type Span, type Work } from './estimate.js';
import type { JobPlace } from './job-request.js';
import { learnRates, type Observation, ratesOf } from './measured-rates.js';

const nothing: Span = { min: 0, max: 0 };

/** Looks ahead, before the expensive work: how long a job will take, and whether the disks hold it. */
export class Preflight {
  readonly #app: Pick<App, 'settings' | 'paths' | 'memo'>;
  readonly #place: JobPlace;
  readonly #request: JobRequest;

  constructor(app: Pick<App, 'settings' | 'paths' | 'memo'>, place: JobPlace, request: JobRequest) {
    this.#app = app;
    this.#place = place;
    this.#request = request;
  }

  /** Before anything is known of the source. @throws {SnvgError} DISK_FULL */
  async begin(): Promise<void> {
    await this.requireSpace({ storeBytes: nothing, outputBytes: nothing, scratchBytes: nothing });
  }

  /** What is to be done for a source, as far as it is not `done` already (operation ids). */
  estimate(source: Pick<Source, 'durationUs'>, done: ReadonlySet<string>, moments?: readonly Moment[]): Estimate {
    const { settings } = this.#app;
    const sourceSeconds = source.durationUs / 1e6;
    const { until, formats, clips, minLengthUs, maxLengthUs, transcriptFile, useCaptions } = this.#request;
    const exact = moments && secondsOf(moments) * formats.length;
    const likely = likelyClipSeconds({ sourceSeconds, clips, minSeconds: minLengthUs / 1e6, maxSeconds: maxLengthUs / 1e6, formats: formats.length });
    const work: Work = {
      sourceSeconds,
      hear: until !== 'ingest' && transcriptFile === undefined && !useCaptions && !done.has('transcribe.join'),
      see: until !== 'ingest' && until !== 'transcribe' && !done.has('analyze.coarse'),
      clipSeconds: until !== 'render' ? nothing : exact === undefined ? likely : { min: exact, max: exact },
      crf: settings.crf,
      preset: settings.preset,
    };
    return estimateOf(work, ratesOf(this.#app.memo, rateSettings(settings)));
  }

  /**
   * Once the source's length is known.
   * @returns what to tell, if anything
   * @throws {SnvgError} DISK_FULL when the space surely does not suffice
   */
  async sourceKnown(source: Source, doneBefore: ReadonlySet<string>): Promise<{ notice: Notice | undefined; event: RunEventBody | undefined }> {
    const estimate = this.estimate(source, doneBefore, this.#request.moments?.(source));
    // A job that has rendered before mostly has its clips: what another run makes anew is known only when they are chosen.
    if (doneBefore.has('render.clip')) return { notice: undefined, event: undefined };
    const notice = await this.requireSpace(estimate);
    const event: RunEventBody = {
      type: 'estimated',
      cpuSeconds: Math.round(estimate.cpuSeconds.max),
      wallSeconds: Math.round(estimate.wallSeconds.max),
      diskBytes: Math.round(likelyBytes(estimate)),
    };
    return { notice, event };
  }

  /** Once the clips are chosen and nothing is rendered yet. @throws {SnvgError} DISK_FULL */
  selected(source: Source, moments: readonly Moment[], doneBefore: ReadonlySet<string>): Promise<Notice | undefined> {
    if (doneBefore.has('render.clip')) return Promise.resolve(undefined);
    return this.requireSpace(this.estimate(source, new Set(['transcribe.join', 'analyze.coarse']), moments));
  }

  /** The disks of a dry run's or a real run's estimate. @throws {SnvgError} DISK_FULL */
  requireSpace({ storeBytes, outputBytes, scratchBytes }: Pick<Estimate, 'storeBytes' | 'outputBytes' | 'scratchBytes'>): Promise<Notice | undefined> {
    return requireDiskSpace(this.needs({ storeBytes, outputBytes, scratchBytes }));
  }

  /** What an estimate means for each folder that is written to. */
  needs({ storeBytes, outputBytes, scratchBytes }: Pick<Estimate, 'storeBytes' | 'outputBytes' | 'scratchBytes'>): SpaceNeed[] {
    const { paths } = this.#app;
    return [
      { folder: paths.cacheDir, what: 'cache', bytes: storeBytes },
      { folder: paths.dataDir, what: 'database', bytes: nothing },
      { folder: paths.scratchDir, what: 'temporary files', bytes: scratchBytes, movedTo: 'cache' },
      ...(this.#request.until === 'render' ? [{ folder: this.#place.outputDir, what: 'clips', bytes: outputBytes }] : []),
    ];
  }
}

/** Bytes that are likely to be kept: between the least and the most. */
function likelyBytes({ storeBytes, outputBytes }: Pick<Estimate, 'storeBytes' | 'outputBytes'>): number {
  return (storeBytes.min + storeBytes.max + outputBytes.min + outputBytes.max) / 2;
}

/** Remembers what the operations of a finished job took on this machine. */
export class Meter {
  readonly #cpu = new Map<string, number>();
  readonly #cached = new Set<string>();
  #clips = 0;

  note(event: RunEventBody): void {
    if (event.type !== 'task-finished') return;
    if (event.cached) this.#cached.add(event.op);
    else this.#cpu.set(event.op, (this.#cpu.get(event.op) ?? 0) + event.cpuSeconds);
    if (!event.cached && event.op === 'render.clip') this.#clips += 1;
  }

  learn(app: Pick<App, 'settings' | 'memo'>, job: { source: Source; clips: readonly Pick<Clip, 'durationUs'>[]; /** Absent when other jobs ran beside it. */ wallMs?: number }): void {
    const cpuOf = (stage: string): number => [...this.#cpu].reduce((sum, [op, cpu]) => sum + (op.startsWith(stage) ? cpu : 0), 0);
    const anyCached = (stage: string): boolean => [...this.#cached].some((op) => op.startsWith(stage));
    const sourceSeconds = job.source.durationUs / 1e6;
    const observations: Observation[] = [];
    if (!anyCached('transcribe.') && cpuOf('transcribe.chunk') > 0) observations.push({ of: 'transcribe', amount: cpuOf('transcribe.'), seconds: sourceSeconds });
    if (cpuOf('analyze.coarse') > 0) observations.push({ of: 'analyze', amount: cpuOf('analyze.coarse'), seconds: sourceSeconds });
    if (this.#clips > 0 && this.#clips === job.clips.length && !anyCached('analyze.fine')) {
      observations.push({ of: 'clip', amount: cpuOf('analyze.fine') + cpuOf('render.'), seconds: job.clips.reduce((sum, clip) => sum + clip.durationUs / 1e6, 0) });
    }
    const total = cpuOf('');
    // A short run is mostly starting up.
    if (total > 20 && job.wallMs !== undefined) observations.push({ of: 'parallel', amount: total, seconds: job.wallMs / 1000 });
    learnRates(app.memo, rateSettings(app.settings), observations);
  }
}

function rateSettings(settings: Pick<Settings, 'preset' | 'concurrency'>): { preset: string; cores: number } {
  return { preset: settings.preset, cores: settings.concurrency ?? availableParallelism() };
}

function secondsOf(moments: readonly Moment[]): number {
  return moments.flatMap((moment) => moment.ranges).reduce((sum, range) => sum + (range.endUs - range.startUs) / 1e6, 0);
}
