import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ArtifactRef } from '../../src/artifacts/kinds.js';
import type { Fine } from '../../src/artifacts/schemas/analysis.js';
import type { Range, Rational } from '../../src/artifacts/schemas/common.js';
import type { Source } from '../../src/artifacts/schemas/source.js';
import { plainVideo } from '../support/plain-video.js';
import { analyzeFine } from '../../src/pipeline/analyze/fine/analyze-fine.js';
import type { Notice } from '../../src/pipeline/notice.js';
import { Resources } from '../../src/pipeline/resources.js';
import type { StageContext } from '../../src/pipeline/stage.js';

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, fatal() {} };

export interface Looked {
  fine: Fine;
  notices: Omit<Notice, 'stage'>[];
  cpuSeconds: number;
}

export interface Video {
  path: string;
  width: number;
  height: number;
  fps: Rational;
  /** Fields of the stream that differ from an upright, square-sampled, progressive one. */
  stream?: Partial<Source['video']>;
}

/** Runs `analyze.fine` on windows of videos, with the real ffmpeg and the real model, sharing one worker. */
export class Looker {
  readonly #resources = new Resources();

  async look(video: Video, ...windows: Range[]): Promise<Looked> {
    const scratchDir = await mkdtemp(join(tmpdir(), 'snvg-fine-'));
    const notices: Omit<Notice, 'stage'>[] = [];
    let cpuSeconds = 0;
    let fine: Fine | undefined;
    const source = { kind: 'source', hash: '0'.repeat(64), sizeBytes: 1 } as const;
    const context = {
      params: { windows },
      signal: new AbortController().signal,
      scratchDir,
      toolchain: { ffmpeg: { path: 'ffmpeg', identity: '' }, ffprobe: { path: 'ffprobe' }, modelsDir: resolve('models'), fontsDir: '', identities: {} },
      log: { ...silent, child: () => context.log },
      notice: (notice: Omit<Notice, 'stage'>) => notices.push(notice),
      progress: () => {},
      addCpuSeconds: (seconds: number) => {
        cpuSeconds += seconds;
      },
      read: async () => sourceOf(video),
      putJson: async (kind: 'fine', value: Fine): Promise<ArtifactRef<'fine'>> => {
        fine = value;
        return { kind, hash: '1'.repeat(64), sizeBytes: 1 };
      },
      shared: <T extends { close(): Promise<void> }>(key: string, create: () => Promise<T>) => this.#resources.get(key, create),
    };
    try {
      await analyzeFine.run({ file: { path: video.path, sha256: '', sizeBytes: 0 }, source }, context as unknown as StageContext<{ windows: Range[] }>);
    } finally {
      await rm(scratchDir, { recursive: true, force: true });
    }
    if (!fine) throw new Error('analyze.fine stored nothing');
    return { fine, notices, cpuSeconds };
  }

  async close(): Promise<void> {
    await this.#resources.close();
  }
}

function sourceOf({ width, height, fps, stream }: Video): Pick<Source, 'video' | 'audio'> {
  return { video: plainVideo({ codedWidth: width, codedHeight: height, displayWidth: width, displayHeight: height, fps, ...stream }), audio: null };
}
