import { resolve } from 'node:path';
import type { ArtifactKind, ArtifactRef, ArtifactValue, JsonKind } from '../../src/artifacts/kinds.js';
import type { ChannelRepair, Fine } from '../../src/artifacts/schemas/analysis.js';
import type { Clip } from '../../src/artifacts/schemas/clip.js';
import type { Range } from '../../src/artifacts/schemas/common.js';
import type { Transcript, Word } from '../../src/artifacts/schemas/speech.js';
import { planIngest } from '../../src/pipeline/ingest/index.js';
import { type Format, planRender, type RenderStyle } from '../../src/pipeline/render/index.js';
import type { FileRef } from '../../src/pipeline/stage.js';
import { readTruth, transcriptOf } from '../segment/truth-talk.js';
import { type RealPlanner, realPlanner } from '../support/real-planner.js';

const plainStyle: RenderStyle = {
  captions: true,
  captionColor: '#FFFFFF',
  captionHighlight: '#FFE500',
  captionSizePx: 84,
  captionUppercase: false,
  crf: 20,
  preset: 'ultrafast',
  loudnessLufs: -14,
};

export interface RenderOptions {
  ranges: Range[];
  format?: Format;
  style?: Partial<RenderStyle>;
  /** Without one: no faces, one shot. */
  fine?: Fine;
  transcript?: Transcript;
  editedSrt?: FileRef;
  repair?: ChannelRepair;
  /** A picture for a source that has none. */
  cover?: FileRef;
}

export interface Rendered {
  clip: Clip;
  /** Absolute, inside the artifact store. */
  path: string;
  assPath: string | undefined;
  srtPath: string | undefined;
  coverPath: string;
}

export interface RenderRun {
  render(options: RenderOptions): Promise<Rendered>;
  run: RealPlanner;
  file: FileRef;
  source: ArtifactRef<'source'>;
  close(): Promise<void>;
}

/** Renders stretches of one file with hand-made words, in a store of its own. */
export async function renderRun(file: string): Promise<RenderRun> {
  const run = await realPlanner();
  const ingested = await planIngest(run.planner, { path: resolve(file), minLengthUs: 1_000_000 });
  const hasPicture = (await run.planner.read(ingested.source)).video !== null;
  const put = async <K extends JsonKind>(kind: K, value: ArtifactValue<K>): Promise<ArtifactRef<K>> => run.store.put(kind, { bytes: new TextEncoder().encode(JSON.stringify(value)) });
  return {
    run,
    ...ingested,
    close: () => run.close(),
    render: async (options) => {
      const { ranges } = options;
      const first = ranges[0]!;
      const window = { startUs: first.startUs, endUs: ranges.at(-1)!.endUs };
      const ref = await planRender(run.planner, {
        ...ingested,
        transcript: await put('transcript', options.transcript ?? transcriptFrom([], 'en')),
        fine: hasPicture ? await put('fine', options.fine ?? { schemaVersion: 1, window, shots: [window], sampleFps: 5, tracks: [], decodedFrames: 0 }) : null,
        repair: options.repair ?? 'none',
        cover: options.cover,
        moment: { index: 1, ranges },
        format: options.format ?? 'vertical',
        style: { ...plainStyle, ...options.style },
        editedSrt: options.editedSrt,
        priority: 1,
      });
      const clip = await run.planner.read(ref);
      const pathOf = (any: { kind: string; hash: string }): Promise<string> => run.store.materialize((any as ArtifactRef<ArtifactKind>).hash);
      return {
        clip,
        path: await pathOf(clip.file),
        assPath: clip.captions ? await pathOf(clip.captions.ass) : undefined,
        srtPath: clip.captions ? await pathOf(clip.captions.srt) : undefined,
        coverPath: await pathOf(clip.cover),
      };
    },
  };
}

export function transcriptFrom(words: Word[], language: string): Transcript {
  return { schemaVersion: 1, language, spans: [], origin: 'recognised', words, sentences: [] };
}

/** The fixture's words at their true times. */
export function fixtureTranscript(name: 'talk' | 'short-ja' | 'interview', language: string): Transcript {
  return transcriptOf(readTruth(`fixtures/${name}.truth.json`), language);
}
