import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelWorker } from '../../../inference/model-worker.js';
import { moduleEntry } from '../../../process/module-entry.js';
import type { StageContext } from '../../stage.js';
import type { DetectedFace } from './centerface.js';
import type { FaceWorkerMethods } from './face-worker-methods.js';
import { pictureBytes, type YuvPicture } from './picture.js';

/** Weaker finds are not believed. */
const minScore = 0.35;
/** Pictures on their way to the worker. Enough that neither side waits; the file holds no more than these. */
const inFlight = 8;

/** The child process that finds faces; one serves all windows of a run. */
export function faceWorker(ctx: StageContext<unknown>): Promise<ModelWorker<FaceWorkerMethods>> {
  return ctx.shared('analyze.faces', async () => {
    return new ModelWorker<FaceWorkerMethods>({ name: 'face detector', entry: moduleEntry('./face-worker', import.meta.url), cwd: ctx.toolchain.modelsDir });
  });
}

/**
 * Hands pictures of one size to the worker through a file in the scratch folder and collects the faces found. `add` waits
 * while too many pictures are on their way, so that memory and disk stay bounded.
 */
export class FaceQueue {
  readonly #ctx: StageContext<unknown>;
  readonly #worker: ModelWorker<FaceWorkerMethods>;
  readonly #width: number;
  readonly #height: number;
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #freeSlots = Array.from({ length: inFlight }, (_, slot) => slot);
  readonly #running = new Set<Promise<void>>();
  readonly #found = new Map<number, readonly DetectedFace[]>();
  #failure: { error: unknown } | undefined;

  private constructor(ctx: StageContext<unknown>, worker: ModelWorker<FaceWorkerMethods>, width: number, height: number, path: string, file: FileHandle) {
    this.#ctx = ctx;
    this.#worker = worker;
    this.#width = width;
    this.#height = height;
    this.#path = path;
    this.#file = file;
  }

  /** @param name of the file in the scratch folder */
  static async open(ctx: StageContext<unknown>, worker: ModelWorker<FaceWorkerMethods>, size: { width: number; height: number }, name: string): Promise<FaceQueue> {
    const path = join(ctx.scratchDir, name);
    return new FaceQueue(ctx, worker, size.width, size.height, path, await open(path, 'w'));
  }

  /** Copies the picture and returns as soon as there is room for another. `key` names it in the result. */
  async add(key: number, picture: YuvPicture): Promise<void> {
    while (this.#freeSlots.length === 0) await Promise.race(this.#running);
    if (this.#failure) throw this.#failure.error;
    const slot = this.#freeSlots.pop() ?? 0;
    const offset = slot * pictureBytes(this.#width, this.#height);
    await this.#file.write(picture.data, 0, picture.data.length, offset);
    const task: Promise<void> = this.#detect(key, offset)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#freeSlots.push(slot);
        this.#running.delete(task);
      });
    this.#running.add(task);
  }

  /** Faces by key, in the pictures' pixels, once all are looked at. */
  async finish(): Promise<ReadonlyMap<number, readonly DetectedFace[]>> {
    await Promise.all(this.#running);
    if (this.#failure) throw this.#failure.error;
    return this.#found;
  }

  /** Waits for what is running, whatever became of it. */
  async close(): Promise<void> {
    await Promise.all(this.#running);
    await this.#file.close();
  }

  async #detect(key: number, offset: number): Promise<void> {
    const { value, cpuSeconds } = await this.#worker.request(
      'detect',
      { modelsDir: this.#ctx.toolchain.modelsDir, file: this.#path, width: this.#width, height: this.#height, offsets: [offset], minScore },
      { signal: this.#ctx.signal },
    );
    this.#ctx.addCpuSeconds(cpuSeconds);
    this.#found.set(key, value.faces[0] ?? []);
  }
}
