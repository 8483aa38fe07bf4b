import { symlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ByteRange, joined } from '../../artifacts/byte-range.js';
import { SnvgError } from '../../errors.js';
import { clusterStart, matroskaIndex } from './matroska-index.js';
import { mp4Index } from './mp4-boxes.js';
import { type Opening, openFilm } from './opening.js';
import { placedPackets, type PlacedPacket, type ProbeHost } from './packets.js';
import type { ReadStretch } from './reads-alike.js';
import { copySparsely } from './sparse-copy.js';

interface Film {
  path: string;
  sha256: string;
  sizeBytes: number;
}

/** A stretch with what is read on after it, and where it lies. */
export interface PlacedWindow {
  read: ReadStretch;
  /** Each packet of the streams that are decoded. */
  packets: ByteRange[];
  /** From the first to the last byte of any packet between them. */
  span: ByteRange;
}

/** A decoder gets so many frames more than it has shown before it is stopped: what its threads and the queues around it hold. */
const readAheadFrames = 24;
const readAheadUs = { least: 500_000, most: 20_000_000 } as const;
/** How far the streams of a file may lie from each other in time; the second for files that are badly interleaved. */
const interleavingUs = [1_500_000, 20_000_000] as const;
/** Where seeks go by times of decoding, ffmpeg makes them so much earlier for pictures that are reordered: 3/23 s. */
const reorderSeekUs = 140_000;
/** Packets closer than this are fetched as one: a demuxer reads on over such a gap anyway (its buffer holds 32 kB). */
const gapBytes = 65_536;
/** Around what was found, in the first attempt and in the second. */
const slackBytes = [16_384, 262_144] as const;
/** Of containers whose index is not known: what is looked at to know them, and to learn their length. */
const headBytes = 65_536;
const tailBytes = 1 << 20;
/** What ffmpeg reads at most to know the streams (its `probesize`), and something for its buffers. */
const longestOpeningBytes = 5_500_000;

/** Where a film keeps what, as far as reading parts of it needs to know. */
export class FilmLayout {
  /** Whether a copy is known for the same film when its name does not tell its kind. */
  readonly opensUnnamed: boolean;
  readonly #film: Film;
  readonly #opening: Opening;
  /** What must be there to open it as the whole is opened; undefined: all of it. */
  readonly #openingBytes: readonly ByteRange[] | undefined;
  readonly #container: Container;

  private constructor(film: Film, opening: Opening, container: Container, known: { openingBytes: readonly ByteRange[] | undefined; opensUnnamed: boolean }) {
    this.#film = film;
    this.#opening = opening;
    this.#container = container;
    this.#openingBytes = known.openingBytes;
    this.opensUnnamed = known.opensUnnamed;
  }

  /** @throws {SnvgError} DISK_FULL; as probeFile */
  static async of(host: ProbeHost, film: Film, containerNames: string): Promise<FilmLayout> {
    const opening = await openFilm(host, film.path);
    const container = await containerOf(film, containerNames);
    const packets = await placedPackets(host, film.path, `%+#${opening.packets}`);
    const bytesRead = container.packetsAlone ? packets : [{ startByte: 0, endByte: spanOf(packets).endByte + slackBytes[0] }];
    for (const read of [bytesRead, [{ startByte: 0, endByte: longestOpeningBytes }]]) {
      const openingBytes = within(film, [...container.index, ...read]);
      if (await opensAlike(host, film, openingBytes, opening)) return new FilmLayout(film, opening, container, { openingBytes, opensUnnamed: true });
    }
    return new FilmLayout(film, opening, container, { openingBytes: undefined, opensUnnamed: await opensWithoutName(host, film, opening) });
  }

  /** Undefined where it cannot be told. @throws {SnvgError} as probeFile */
  async placeWindows(host: ProbeHost, stretches: readonly ReadStretch[], streams: readonly number[]): Promise<PlacedWindow[] | undefined> {
    if (!this.#openingBytes) return undefined;
    const windows: PlacedWindow[] = [];
    for (const stretch of stretches) {
      const window = await this.#place(host, stretch, streams);
      if (!window) return undefined;
      windows.push(window);
    }
    return windows;
  }

  /** What may do, the least first. */
  *attempts(windows: readonly PlacedWindow[]): Generator<ByteRange[]> {
    const { index, packetsAlone, startOf } = this.#container;
    const opening = [...index, ...(this.#openingBytes ?? [])];
    const spans = (slack: number): ByteRange[] => windows.map(({ span }) => ({ startByte: startOf(span.startByte) - slack, endByte: span.endByte + slack }));
    yield [...opening, ...(packetsAlone ? joined(windows.flatMap(({ packets }) => packets), gapBytes) : spans(slackBytes[0]))];
    yield [...opening, ...spans(slackBytes[1])];
    // Without an index, a seek reads all that comes before.
    yield [...opening, { startByte: 0, endByte: Math.max(...windows.map(({ span }) => span.endByte)) + slackBytes[1] }];
  }

  async #place(host: ProbeHost, { seekUs, endUs }: ReadStretch, streams: readonly number[]): Promise<PlacedWindow | undefined> {
    const { startUs } = this.#opening;
    const seekAtUs = seekUs + startUs - (this.#container.packetsAlone ? 0 : reorderSeekUs);
    const untilUs = startUs + endUs + Math.max(...streams.map((stream) => this.#readAheadUs(stream)));
    let packets: PlacedPacket[] = [];
    for (const apartUs of interleavingUs) {
      const until = ((untilUs + apartUs) / 1e6).toFixed(3);
      packets = await placedPackets(host, this.#film.path, seekUs === 0 || seekAtUs <= 0 ? `%${until}` : `${(seekAtUs / 1e6).toFixed(3)}%${until}`);
      const { size } = new Set(packets.flatMap(({ streamIndex, atUs }) => (atUs !== undefined && atUs > untilUs && streams.includes(streamIndex) ? [streamIndex] : [])));
      if (size === streams.length) break;
    }
    const needed = packets.filter(({ streamIndex, atUs }) => streams.includes(streamIndex) && (atUs ?? 0) <= untilUs);
    const last = needed.at(-1);
    if (!last) return undefined;
    const read = packets.slice(0, packets.lastIndexOf(last) + 1);
    return {
      read: { seekUs, endUs: untilUs - startUs },
      packets: needed.map(({ startByte, endByte }) => ({ startByte, endByte })),
      span: spanOf(read),
    };
  }

  #readAheadUs(streamIndex: number): number {
    const stream = this.#opening.streams.get(streamIndex);
    const frames = readAheadFrames + (stream?.reorderedFrames ?? 0);
    return Math.round(Math.min(readAheadUs.most, Math.max(readAheadUs.least, (frames * 1e6) / (stream?.fps ?? 50))));
  }
}

interface Container {
  /** What a demuxer reads besides packets. */
  index: readonly ByteRange[];
  /** Packets are found by the index alone, by times of showing: what lies between them is never read. */
  packetsAlone: boolean;
  /** Where a demuxer begins to read to get at a byte. */
  startOf(byte: number): number;
}

async function containerOf({ path, sizeBytes }: Film, names: string): Promise<Container> {
  const known = names.split(',');
  if (known.includes('mov')) {
    const index = await mp4Index(path, sizeBytes);
    if (index) return { index, packetsAlone: true, startOf: (byte) => byte };
  }
  if (known.includes('matroska')) {
    const index = await matroskaIndex(path);
    if (index) return { index: index.ranges, packetsAlone: false, startOf: (byte) => clusterStart(index.clustersAt, byte) };
  }
  return { index: [{ startByte: 0, endByte: headBytes }, { startByte: sizeBytes - tailBytes, endByte: sizeBytes }], packetsAlone: false, startOf: (byte) => byte };
}

/** Whether a copy with only these bytes, named by its content, is opened as the film is. */
async function opensAlike(host: ProbeHost, film: Film, ranges: readonly ByteRange[], opening: Opening): Promise<boolean> {
  const copy = join(host.scratchDir, film.sha256);
  await copySparsely(film.path, copy, film.sizeBytes, ranges, host.signal);
  return isDescribedAs(host, copy, opening);
}

async function opensWithoutName(host: ProbeHost, film: Film, opening: Opening): Promise<boolean> {
  const link = join(host.scratchDir, film.sha256);
  await rm(link, { force: true });
  await symlink(film.path, link);
  return isDescribedAs(host, link, opening);
}

async function isDescribedAs(host: ProbeHost, path: string, opening: Opening): Promise<boolean> {
  try {
    return (await openFilm(host, path)).description === opening.description;
  } catch (error) {
    if (host.signal.aborted || !(error instanceof SnvgError)) throw error;
    return false;
  }
}

/** From the first to the last byte of any. */
function spanOf(ranges: readonly ByteRange[]): ByteRange {
  return ranges.reduce((span, { startByte, endByte }) => ({ startByte: Math.min(span.startByte, startByte), endByte: Math.max(span.endByte, endByte) }), { startByte: Infinity, endByte: 0 });
}

function within({ sizeBytes }: Film, ranges: readonly ByteRange[]): ByteRange[] {
  return joined(ranges.map(({ startByte, endByte }) => ({ startByte: Math.max(0, startByte), endByte: Math.min(sizeBytes, endByte) })));
}
