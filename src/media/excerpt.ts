import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import PQueue from 'p-queue';
import { bytesIn, type ByteRange, joined } from '../artifacts/byte-range.js';
import type { Range } from '../artifacts/schemas/common.js';
import { FilmLayout } from './excerpt/film-layout.js';
import { demuxed, type ReadStretch } from './excerpt/reads-alike.js';
import { copySparsely } from './excerpt/sparse-copy.js';
import type { MediaHost } from './ffmpeg.js';

/** A film, known by its content. */
interface Film {
  /** Absolute. */
  path: string;
  sha256: string;
  sizeBytes: number;
}

/** What is to be decoded of it. */
interface Part {
  /** On the source's timeline, with all that is read before and after them; each begins where a decoder seeks to. In order. */
  windows: readonly Range[];
  /** ffprobe's name of the container. */
  container: string;
  /** ffmpeg's numbers of the streams that are decoded. */
  streams: readonly number[];
}

export interface ExcerptHost {
  toolchain: MediaHost['toolchain'] & { readonly ffmpeg: { readonly identity: string } };
  /** Copies are made below it while they are looked at. */
  scratchRoot: string;
  /** What was found before, between runs. */
  memo?: { get(key: string): string | undefined; set(key: string, value: string): void };
}

/** Raised whenever the same film and part would give other bytes. */
const version = 1;
/** Of which more is needed is sent whole: a few ranges less save little, and whole it serves every later task. */
const mostShare = 0.8;
/** What is so short takes less time to send than to look into. */
const shortBytes = 1 << 20;

/**
 * Finds which bytes of a film a demuxer reads to decode some windows of it: for a copy with holes that is read exactly as the film is.
 *
 * Where packets lie is asked of ffprobe, where a container keeps its index is read from it; neither is trusted: a copy with only those bytes is
 * demuxed beside the film, with the seeks that decoding makes, and must give the same packets. If not, more is taken, in the end all.
 */
export class FilmExcerpts {
  readonly #host: ExcerptHost;
  /** One film is looked into at a time: it takes disk and CPU from the tasks beside it. */
  readonly #queue = new PQueue({ concurrency: 1 });
  readonly #layouts = new Map<string, FilmLayout>();
  readonly #found = new Map<string, ByteRange[] | undefined>();
  #cpuSeconds = 0;

  constructor(host: ExcerptHost) {
    this.#host = host;
  }

  /** CPU seconds that looking took. */
  get cpuSeconds(): number {
    return this.#cpuSeconds;
  }

  /**
   * @returns in order; all of the film where less would not do or would hardly be less; undefined when even a whole copy is read differently, for
   * want of the film's name
   * @throws {SnvgError} DISK_FULL; as probeFile
   */
  async bytesOf(film: Film, part: Part, signal: AbortSignal): Promise<ByteRange[] | undefined> {
    const key = `excerpt ${version} ${film.sha256} ${this.#host.toolchain.ffmpeg.identity} ${part.streams.join(',')} ${part.windows.map(({ startUs, endUs }) => `${startUs}-${endUs}`).join(' ')}`;
    if (this.#found.has(key)) return this.#found.get(key);
    const remembered = this.#host.memo?.get(key);
    const found = remembered === undefined ? await this.#queue.add(() => this.#look(film, part, signal), { signal }) : fromText(remembered);
    this.#found.set(key, found);
    if (remembered === undefined) this.#host.memo?.set(key, toText(found));
    return found;
  }

  async #look(film: Film, part: Part, signal: AbortSignal): Promise<ByteRange[] | undefined> {
    await mkdir(this.#host.scratchRoot, { recursive: true });
    const scratchDir = await mkdtemp(join(this.#host.scratchRoot, 'excerpt-'));
    const addCpuSeconds = (seconds: number): void => void (this.#cpuSeconds += seconds);
    const host = { toolchain: this.#host.toolchain, signal, scratchDir, addCpuSeconds };
    try {
      const layout = this.#layouts.get(film.sha256) ?? (await FilmLayout.of(host, film, part.container));
      this.#layouts.set(film.sha256, layout);
      const all = layout.opensUnnamed ? [{ startByte: 0, endByte: film.sizeBytes }] : undefined;
      if (!all || film.sizeBytes <= shortBytes) return all;
      const windows = await layout.placeWindows(host, part.windows.map(({ startUs, endUs }) => ({ seekUs: startUs, endUs })), part.streams);
      if (!windows) return all;
      const wanted = windows.map(({ read }) => read);
      const reference = await demuxed(host, film.path, wanted, part.streams);
      for (const ranges of reference === undefined ? [] : layout.attempts(windows)) {
        const bounded = joined(ranges.map(({ startByte, endByte }) => ({ startByte: Math.max(0, startByte), endByte: Math.min(film.sizeBytes, endByte) })));
        if (bytesIn(bounded) > mostShare * film.sizeBytes) break;
        if ((await demuxedOf(host, film, bounded, wanted, part.streams)) === reference) return bounded;
      }
      return all;
    } finally {
      await rm(scratchDir, { recursive: true, force: true });
    }
  }
}

/** What is demuxed of a copy that holds only some bytes of a film. */
export async function demuxedOf(host: MediaHost, film: Film, ranges: readonly ByteRange[], stretches: readonly ReadStretch[], streams: readonly number[]): Promise<string | undefined> {
  // Named by its content, as it is where the bytes are sent to: a demuxer may go by a name.
  const copy = join(host.scratchDir, film.sha256);
  await copySparsely(film.path, copy, film.sizeBytes, ranges, host.signal);
  return demuxed(host, copy, stretches, streams);
}

function toText(ranges: readonly ByteRange[] | undefined): string {
  return ranges ? ranges.map(({ startByte, endByte }) => `${startByte}-${endByte}`).join(' ') : 'none';
}

function fromText(text: string): ByteRange[] | undefined {
  if (text === 'none') return undefined;
  return text.split(' ').map((range) => {
    const [startByte = 0, endByte = 0] = range.split('-').map(Number);
    return { startByte, endByte };
  });
}
