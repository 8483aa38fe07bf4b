import type { ArtifactRef } from '../artifacts/kinds.js';
import type { Clip } from '../artifacts/schemas/clip.js';
import type { Manifest } from '../artifacts/schemas/manifest.js';
import type { Moment } from '../artifacts/schemas/selection.js';
import type { ArtifactStore } from '../artifacts/store.js';
import type { OutputFolder } from '../output/folder.js';
import type { DeliveredClip } from '../output/manifest.js';
import type { RenderedClip, RenderFormat } from '../pipeline/plan.js';
import type { ClipNaming } from './clip-naming.js';

type ManifestOutput = Manifest['clips'][number]['outputs'][number];
type AnyRef = Clip['file'];

/** A rendered clip as it lies in the output folder. */
export interface DeliveredOutput {
  moment: Moment;
  format: RenderFormat;
  clip: Clip;
  output: ManifestOutput;
  coverName: string;
}

/**
 * Brings verified clips into the output folder, each as soon as it is ready: video, captions, cover and receipt.
 * Caption files belong to the moment and come from the first format; burnt-in captions (.ass) belong to each format.
 */
export class Delivery {
  readonly #folder: OutputFolder;
  readonly #store: ArtifactStore;
  readonly #naming: ClipNaming;
  readonly #primary: RenderFormat;
  readonly #delivered: DeliveredOutput[] = [];
  readonly #names = new Set<string>();
  /** Receipts of one moment are written one after the other: two formats may end at once. */
  #writing: Promise<void> = Promise.resolve();

  constructor(folder: OutputFolder, store: ArtifactStore, naming: ClipNaming, formats: readonly RenderFormat[]) {
    this.#folder = folder;
    this.#store = store;
    this.#naming = naming;
    this.#primary = formats[0] ?? 'vertical';
  }

  async deliver(rendered: RenderedClip, clip: Clip): Promise<DeliveredOutput> {
    const { moment, format } = rendered;
    const stem = this.#naming.stemOf(moment);
    const names = { video: `${stem}.${format}.mp4`, ass: `${stem}.${format}.ass`, cover: `${stem}.${format}.jpg`, srt: `${stem}.srt`, vtt: `${stem}.vtt`, receipt: `${stem}.json` };
    const { lineage } = moment;
    if (clip.captions) {
      await this.#put(names.ass, clip.captions.ass, lineage);
      if (format === this.#primary) {
        await this.#put(names.srt, clip.captions.srt, lineage);
        await this.#put(names.vtt, clip.captions.vtt, lineage);
      }
    }
    await this.#put(names.cover, clip.cover, lineage);
    await this.#put(names.video, clip.file, lineage);
    const output: ManifestOutput = {
      format,
      path: names.video,
      sha256: clip.sha256,
      width: clip.width,
      height: clip.height,
      durationUs: clip.durationUs,
      fps: Math.round((clip.fps.num / clip.fps.den) * 1000) / 1000,
      sizeBytes: (clip.file as ArtifactRef).sizeBytes,
      integratedLufs: clip.integratedLufs,
      truePeakDbtp: clip.truePeakDbtp,
      captions: clip.captions ? { srt: names.srt, vtt: names.vtt, ass: names.ass } : null,
      faceCoverage: clip.camera.faceCoverage,
      receipt: names.receipt,
    };
    const delivered = { moment, format, clip, output, coverName: names.cover };
    this.#delivered.push(delivered);
    this.#names.add(names.receipt);
    this.#writing = this.#writing.then(() => this.#folder.write(names.receipt, `${JSON.stringify(this.#receiptOf(moment), null, 1)}\n`));
    await this.#writing;
    return delivered;
  }

  outputs(): readonly DeliveredOutput[] {
    return this.#delivered;
  }

  clips(): DeliveredClip[] {
    const byIndex = new Map<number, DeliveredClip>();
    for (const { moment, output } of this.#ordered()) {
      const clip = byIndex.get(moment.index) ?? { moment, outputs: [] };
      clip.outputs.push(output);
      byIndex.set(moment.index, clip);
    }
    return [...byIndex.values()];
  }

  /** Names of all that was delivered. */
  names(): ReadonlySet<string> {
    return this.#names;
  }

  async #put(name: string, ref: AnyRef, lineage: string): Promise<void> {
    this.#names.add(name);
    await this.#folder.deliver(name, { path: await this.#store.materialize((ref as ArtifactRef).hash), sha256: ref.hash }, lineage);
  }

  #ordered(): DeliveredOutput[] {
    const rank = (format: RenderFormat): number => (format === this.#primary ? 0 : 1);
    return this.#delivered.toSorted((a, b) => a.moment.index - b.moment.index || rank(a.format) - rank(b.format) || (a.format < b.format ? -1 : 1));
  }

  /** The clip's proof: what was chosen and why, and what was verified on each file. */
  #receiptOf(moment: Moment): unknown {
    const outputs = this.#ordered()
      .filter((delivered) => delivered.moment.index === moment.index)
      .map(({ clip: { file: _file, captions: _captions, cover: _cover, schemaVersion: _version, ...proof }, output }) => ({ ...proof, path: output.path, captions: output.captions }));
    const { index, title, description, hashtags, lineage, ranges, score, scoreParts, reason, edges, notices } = moment;
    return { schemaVersion: 1, index, title, description, hashtags, lineage, ranges, score, scoreParts, reason, edges, notices, outputs };
  }
}
