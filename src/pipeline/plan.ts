import { basename } from 'node:path';
import type { ArtifactRef } from '../artifacts/kinds.js';
import type { Range } from '../artifacts/schemas/common.js';
import type { Moment, Selection } from '../artifacts/schemas/selection.js';
import type { Source } from '../artifacts/schemas/source.js';
import { SnvgError } from '../errors.js';
import type { Format, RenderStyle } from './render/index.js';
import type { FileRef, Planner, StageId } from './stage.js';
import { stages } from './stages.js';

/** What a person asked of one source. */
export interface JobRequest {
  /** Absolute path of the source. */
  path: string;
  /** What the source is called, like a file's name without its extension: clips in which nothing is said are named after it. */
  name: string;
  /** Folder searched for sidecars. */
  sidecarDir: string;
  language: string;
  /** Number of a stream or language code of the audio track to work on; null: choose. */
  audioTrack: string | null;
  useCaptions: boolean;
  /** Null: as many as the length suggests. */
  clips: number | null;
  minLengthUs: number;
  maxLengthUs: number;
  formats: readonly RenderFormat[];
  style: RenderStyle;
  /** Absolute path of a picture for clips of a source that has none. */
  cover: string | null;
  /** The last stage to plan. */
  until: Exclude<StageId, 'publish'>;
  /** Words given by hand in place of recognition: a file of word times, SRT or WebVTT. */
  transcriptFile?: string;
  /** Moments given by hand in place of choosing. */
  moments?: (source: Source) => Moment[];
}

export type RenderFormat = Format;

export interface RenderedClip {
  moment: Moment;
  format: RenderFormat;
  clip: ArtifactRef<'clip'>;
}

/** Everything a job has made, as far as it was planned. */
export interface JobOutcome {
  /** What was given. */
  file: FileRef;
  /** What stages read: `file`, or a copy of it in a container that can be relied on. */
  media: FileRef;
  source: Source;
  transcript?: ArtifactRef<'transcript'>;
  coarse?: ArtifactRef<'coarse'>;
  candidates?: ArtifactRef<'candidates'>;
  selection?: Selection;
  clips: RenderedClip[];
  failures: { moment: Moment; format: RenderFormat; error: unknown }[];
}

/** What the plan asks back while it runs. */
export interface JobCallbacks {
  finishStage(id: StageId): void;
  /** Called once, before anything costly. */
  sourceKnown(source: Source): Promise<void>;
  /** The moments are chosen; nothing is rendered yet. Called before the first render. */
  selected(outcome: Pick<JobOutcome, 'file' | 'source'> & { selection: Selection }): Promise<void>;
  /** A caption file that a person corrected, if there is one for this moment. */
  editedCaptions(moment: Moment): Promise<FileRef | undefined>;
  clipReady(clip: RenderedClip): Promise<void>;
}

/** Padding of the fine pass around a moment, so that a camera may know what comes right before and after. */
const windowPaddingUs = 200_000;
/** Reading on over this much costs less than beginning anew at a keyframe, and shots and faces go on through it. */
const windowJoinUs = 3_000_000;

/**
 * The whole job as ordinary code over memoised tasks: running it again costs nothing for what is known,
 * and what later stages do is decided by what earlier ones found.
 *
 * @throws {SnvgError} COVER_INVALID before anything else is looked at
 * @throws whatever the first failing task of ingest…segment throws; failed renders are returned, not thrown
 */
export async function planJob(planner: Planner, request: JobRequest, callbacks: JobCallbacks): Promise<JobOutcome> {
  if (request.cover !== null) await (await stages.render()).checkCover(request.cover);
  const { planIngest } = await stages.ingest();
  const { path, minLengthUs: shortestUs, audioTrack } = request;
  const { file, media, source: sourceRef } = await planIngest(planner, { path, minLengthUs: shortestUs, audioTrack, language: request.language });
  const source = await planner.read(sourceRef);
  await callbacks.sourceKnown(source);
  callbacks.finishStage('ingest');
  // Cuts beyond the end are refused before anything is heard or seen.
  const byHand = request.moments?.(source);
  const outcome: JobOutcome = { file, media, source, clips: [], failures: [] };
  if (request.until === 'ingest') return outcome;

  const cover = await coverOf(planner, request, source);
  // What stands behind clips without a picture is drawn first: a picture that cannot be shown is refused before anything is heard.
  if (!source.video && request.until === 'render') {
    const { planBackdrop } = await stages.render();
    await Promise.all(request.formats.map((format) => planBackdrop(planner, { file: media, source: sourceRef, cover, format, style: request.style })));
  }
  const [heard, coarse] = await both(
    hear(planner, request, media, sourceRef).finally(() => callbacks.finishStage('transcribe')),
    request.until === 'transcribe' ? Promise.resolve(undefined) : seeCoarsely(planner, media, sourceRef),
  );
  outcome.transcript = heard.transcript;
  if (request.until === 'transcribe' && !source.audio && (await planner.read(heard.transcript)).words.length === 0) {
    throw new SnvgError('MEDIA_NO_AUDIO', `${basename(request.path)} has no audio track: there are no words to hear`, 'Clips are chosen by what is seen: snvg process; or give words with --use-captions.');
  }
  if (coarse) outcome.coarse = coarse;
  if (request.until === 'transcribe' || coarse === undefined) return outcome;
  if (request.until === 'analyze') {
    callbacks.finishStage('analyze');
    return outcome;
  }

  const { planSegment } = await stages.segment();
  const { name, clips, minLengthUs, maxLengthUs } = request;
  const chosen = await planSegment(planner, { source: sourceRef, transcript: heard.transcript, speech: heard.speech, coarse, name, clips, minLengthUs, maxLengthUs });
  outcome.candidates = chosen.candidates;
  const automatic = await planner.read(chosen.selection);
  outcome.selection = byHand ? { ...automatic, moments: byHand } : automatic;
  callbacks.finishStage('segment');
  await callbacks.selected({ file, source, selection: outcome.selection });
  if (request.until === 'segment') return outcome;

  await renderAll(planner, request, callbacks, { outcome, sourceRef, transcript: heard.transcript, coarse, cover });
  callbacks.finishStage('analyze');
  callbacks.finishStage('render');
  return outcome;
}

/** The picture given for a source without one. One given for a film is of no use, which is said. */
async function coverOf(planner: Planner, request: JobRequest, source: Source): Promise<FileRef | undefined> {
  if (request.cover === null || request.until !== 'render') return undefined;
  if (source.video) {
    planner.notice({ code: 'COVER_UNUSED', stage: 'render', severity: 'info', message: `${basename(request.path)} has a picture of its own: the cover given is not shown`, remedy: 'Nothing to do; --cover is for sound alone.' });
    return undefined;
  }
  return planner.fingerprint(request.cover, { signal: planner.signal });
}

async function hear(planner: Planner, request: JobRequest, file: FileRef, source: ArtifactRef<'source'>): Promise<{ speech: ArtifactRef<'speech'>; transcript: ArtifactRef<'transcript'> }> {
  const { planTranscribe } = await stages.transcribe();
  const { path, language, useCaptions, sidecarDir, transcriptFile } = request;
  return planTranscribe(planner, { file, source, path, language, useCaptions, dir: sidecarDir, ...(transcriptFile === undefined ? {} : { transcriptFile }) });
}

async function seeCoarsely(planner: Planner, file: FileRef, source: ArtifactRef<'source'>): Promise<ArtifactRef<'coarse'>> {
  const { planCoarse } = await stages.analyze();
  return planCoarse(planner, { file, source });
}

async function renderAll(planner: Planner, request: JobRequest, callbacks: JobCallbacks, known: { outcome: JobOutcome; sourceRef: ArtifactRef<'source'>; transcript: ArtifactRef<'transcript'>; coarse: ArtifactRef<'coarse'>; cover: FileRef | undefined }): Promise<void> {
  const [{ planFine }, { planRender }] = await Promise.all([stages.analyze(), stages.render()]);
  const { outcome, sourceRef, transcript, cover } = known;
  const repair = (await planner.read(known.coarse)).sound?.repair ?? 'none';
  const { media: file, source, selection } = outcome;
  const moments = (selection?.moments ?? []).toSorted((a, b) => a.rank - b.rank);
  const renders = moments.flatMap((moment) => {
    // Better moments first, and of each the look before the render: something to watch early.
    const priority = moments.length - moment.rank;
    const label = `clip ${moment.index}`;
    // Without a picture there are no shots and faces to look for.
    const fine = !source.video ? Promise.resolve(null) : planFine(planner, { file, source: sourceRef, windows: windowsOf(moment.ranges, source.durationUs), label, priority: priority * 2 });
    return request.formats.map(async (format) => {
      try {
        const editedSrt = await callbacks.editedCaptions(moment);
        const clip = await planRender(planner, { file, source: sourceRef, transcript, fine: await fine, repair, moment, format, style: request.style, cover, editedSrt, priority: priority * 2 + 1 });
        const rendered = { moment, format, clip };
        outcome.clips.push(rendered);
        await callbacks.clipReady(rendered);
      } catch (error) {
        outcome.failures.push({ moment, format, error });
      }
    });
  });
  await Promise.all(renders);
  planner.signal.throwIfAborted();
}

/** The padded ranges in order of the source, those that nearly touch as one: what lies between is not looked at. */
function windowsOf(ranges: readonly Range[], durationUs: number): Range[] {
  const windows: Range[] = [];
  for (const range of ranges.toSorted((a, b) => a.startUs - b.startUs)) {
    const startUs = Math.max(0, range.startUs - windowPaddingUs);
    const endUs = Math.min(durationUs, range.endUs + windowPaddingUs);
    const last = windows.at(-1);
    if (last && startUs <= last.endUs + windowJoinUs) last.endUs = Math.max(last.endUs, endUs);
    else windows.push({ startUs, endUs });
  }
  return windows;
}

/** Like Promise.all, but looks at both to the end: a dry run must see every branch, and a failure must not leave the other running unseen. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === 'rejected') throw a.reason;
  if (b.status === 'rejected') throw b.reason;
  return [a.value, b.value];
}
