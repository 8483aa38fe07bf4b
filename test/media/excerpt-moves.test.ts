import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bytesIn, type FilePart } from '../../src/artifacts/byte-range.js';
import type { ArtifactRef, ArtifactValue, JsonKind } from '../../src/artifacts/kinds.js';
import type { Range } from '../../src/artifacts/schemas/common.js';
import { FilmExcerpts } from '../../src/media/excerpt.js';
import { analyzeFine } from '../../src/pipeline/analyze/fine/analyze-fine.js';
import { planIngest } from '../../src/pipeline/ingest/index.js';
import { planRender } from '../../src/pipeline/render/index.js';
import { Resources } from '../../src/pipeline/resources.js';
import type { FileRef } from '../../src/pipeline/stage.js';
import { chunkOperation } from '../../src/pipeline/transcribe/chunk.js';
import { orderBytes, type WorkOrder, workOrderOf } from '../../src/pipeline/work-order.js';
import { fixtureTranscript } from '../render/render-run.js';
import { type RealPlanner, realPlanner, testToolchain } from '../support/real-planner.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { film, type FilmName, lengthUs } from './films.js';
import { runMoved } from './run-moved.js';

const { signal } = new AbortController();
/** One face detector and one recogniser for all. */
const resources = new Resources();
afterAll(() => resources.close());

const style = { captions: true, captionColor: '#FFFFFF', captionHighlight: '#FFE500', captionSizePx: 84, captionUppercase: false, crf: 23, preset: 'ultrafast', loudnessLufs: -14 };

const pieceUs = 600_000;

/** Far apart, and not in the source's order: in the middle, and before it. */
function pieces(name: FilmName): Range[] {
  return [lengthUs(name) / 2, 3_500_000].map((startUs) => ({ startUs, endUs: startUs + pieceUs }));
}

/** At the very start, and at the end. */
function windows(name: FilmName): Range[] {
  return [0, lengthUs(name) - pieceUs].map((startUs) => ({ startUs, endUs: startUs + pieceUs }));
}

async function put<K extends JsonKind>(run: RealPlanner, kind: K, value: ArtifactValue<K>): Promise<ArtifactRef<K>> {
  return run.store.put(kind, { bytes: new TextEncoder().encode(JSON.stringify(value)) });
}

/** Runs what was run here once more from the bytes of its order alone; returns both results' outputs and the order. */
async function twice(run: RealPlanner, films: FilmExcerpts, op: string, file?: FileRef): Promise<{ here: unknown; there: unknown; order: WorkOrder }> {
  const task = run.tasks.find((one) => one.op === op)!;
  const order = (await workOrderOf(task, { films, read: (ref) => run.planner.read(ref), signal }))!;
  const pathOf = async ({ sha256 }: FilePart): Promise<string> => (sha256 === file?.sha256 ? file.path : run.store.materialize(sha256));
  const moved = await runMoved(order, { root: temporaryFolder(), resources, pathOf });
  const known = await run.results.get(task.key);
  return { here: { outputs: known?.outputs, notices: known?.notices }, there: { outputs: moved.outputs, notices: moved.notices }, order };
}

function excerpts(): FilmExcerpts {
  return new FilmExcerpts({ toolchain: testToolchain, scratchRoot: temporaryFolder() });
}

function shareOf(order: WorkOrder, file: FileRef): number {
  return bytesIn(order.parts.find(({ sha256 }) => sha256 === file.sha256)?.ranges ?? []) / file.sizeBytes;
}

describe('from its own bytes alone, at their own places', () => {
  it.each(['talk.mp4', 'fragmented.mp4', 'badly-interleaved.mp4', 'edit-list.mov', 'cues.mkv', 'vp8.webm', 'stream.ts'] as const)('%s is looked at and rendered to the same artifacts', async (name) => {
    const run = await realPlanner();
    const given = await film(name);
    const { file, source } = await planIngest(run.planner, { path: given.path, minLengthUs: 1_000_000 });
    const ranges = pieces(name);
    const { fine } = await run.planner.task(analyzeFine, { windows: windows(name) }, { file, source });
    const transcript = await put(run, 'transcript', fixtureTranscript('talk', 'en'));
    await planRender(run.planner, { file, source, transcript, fine, repair: 'none', moment: { index: 1, ranges }, format: 'square', style, priority: 1 });
    const films = excerpts();
    for (const op of ['analyze.fine', 'render.clip']) {
      const { here, there, order } = await twice(run, films, op, file);
      expect(there).toEqual(here);
      expect(shareOf(order, file)).toBeLessThan(name === 'stream.ts' ? 0.8 : 0.6);
    }
    await run.close();
  });

  it('a recording is drawn to the same clip', async () => {
    const run = await realPlanner();
    const path = join(temporaryFolder(), 'sound.m4a');
    execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-i', (await film('talk.mp4')).path, '-map', '0:a', '-c', 'copy', path]);
    const { file, source } = await planIngest(run.planner, { path, minLengthUs: 1_000_000 });
    const transcript = await put(run, 'transcript', fixtureTranscript('talk', 'en'));
    const ranges = [{ startUs: 100_000_000, endUs: 101_000_000 }];
    await planRender(run.planner, { file, source, transcript, fine: null, repair: 'none', moment: { index: 1, ranges }, format: 'square', style, priority: 1 });
    const { here, there, order } = await twice(run, excerpts(), 'render.still', file);
    expect(there).toEqual(here);
    expect(shareOf(order, file)).toBeLessThan(0.2);
    await run.close();
  });

  it('a chunk of speech is heard as the same words', async () => {
    const run = await realPlanner();
    const path = join(temporaryFolder(), 'speech.pcm');
    execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-t', '60', '-i', (await film('talk.mp4')).path, '-map', '0:a', '-ac', '1', '-ar', '16000', '-f', 's16le', path]);
    const pcm = await run.store.put('speech.pcm', { path });
    const chunk = { startUs: 30_000_021, endUs: 45_500_000 };
    const { part } = await run.planner.task(chunkOperation, { language: 'en', chunk, islands: [{ startUs: 30_400_000, endUs: 45_000_000 }] }, { pcm });
    expect((await run.planner.read(part)).words.length).toBeGreaterThan(10);
    const { here, there, order } = await twice(run, excerpts(), 'transcribe.chunk');
    expect(there).toEqual(here);
    expect(Math.abs(orderBytes(order) - 15.5 * 32_000)).toBeLessThan(4);
    await run.close();
  });
});
