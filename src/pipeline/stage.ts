import type { ZodType } from 'zod';
import type { ByteRange } from '../artifacts/byte-range.js';
import type { ArtifactKind, ArtifactRef, ArtifactValue, FileKind } from '../artifacts/kinds.js';
import type { Range } from '../artifacts/schemas/common.js';
import type { Logger } from '../logger.js';
import type { Notice } from './notice.js';

export const stageIds = ['ingest', 'transcribe', 'analyze', 'segment', 'render', 'publish'] as const;
export type StageId = (typeof stageIds)[number];

/** A file outside the artifact store (the source, a sidecar), known by its content. */
export interface FileRef {
  path: string;
  sha256: string;
  sizeBytes: number;
}

/** Named inputs of a task. Only hashes enter the task's key; paths never do. */
export type TaskInputs = Record<string, FileRef | ArtifactRef | readonly ArtifactRef[] | undefined>;

/** Executables and weights this machine offers; `identity` is what enters task keys. */
export interface Toolchain {
  ffmpeg: { path: string; /** sha256 of the version line and configuration */ identity: string };
  ffprobe: { path: string };
  /** Folder that holds the shipped weights and fonts. */
  modelsDir: string;
  fontsDir: string;
  /** What enters task keys for each tool an operation names: `ffmpeg`, `fonts`, `model:<id>` → hash. */
  identities: Readonly<Record<string, string>>;
}

/** What a running operation may use. It has no other way to the outside. */
export interface StageContext<P> {
  readonly params: P;
  readonly signal: AbortSignal;
  /** Private folder, empty at start, removed afterwards; the cwd of every child process. */
  readonly scratchDir: string;
  readonly toolchain: Toolchain;
  readonly log: Logger;
  notice(notice: Omit<Notice, 'stage'>): void;
  /** 0…1 of this task. */
  progress(fraction: number): void;
  /** Adds CPU seconds used by a child process on behalf of this task. */
  addCpuSeconds(seconds: number): void;
  /** Reads and validates a JSON artifact. */
  read<K extends ArtifactKind>(ref: ArtifactRef<K>): Promise<ArtifactValue<K>>;
  /** A local, read-only path of any artifact. */
  path(ref: ArtifactRef): Promise<string>;
  putJson<K extends ArtifactKind>(kind: K, value: ArtifactValue<K>): Promise<ArtifactRef<K>>;
  /** Moves a finished file out of the scratch folder into the store. */
  putFile<K extends ArtifactKind>(kind: K, path: string): Promise<ArtifactRef<K>>;
  /**
   * A resource kept for the rest of the run and shared by tasks (a loaded recogniser).
   * Created once per key; closed by the run in reverse order.
   */
  shared<T extends { close(): Promise<void> }>(key: string, create: () => Promise<T>): Promise<T>;
}

/** Outputs of an operation: name → artifact kind. */
export type OutputKinds = Record<string, ArtifactKind>;
export type Outputs<O extends OutputKinds> = { [N in keyof O]: ArtifactRef<O[N]> };

/**
 * One pure function of (version, params, input hashes, tools) to artifacts: the unit of caching, resuming and moving.
 * Raise `version` whenever the same inputs would give another output.
 */
export interface Operation<P = unknown, I extends TaskInputs = TaskInputs, O extends OutputKinds = OutputKinds> {
  /** `<stage>.<verb>`, for example `transcribe.chunk`. */
  readonly id: string;
  readonly stage: StageId;
  readonly version: number;
  readonly params: ZodType<P>;
  readonly outputs: O;
  /** Which parts of the toolchain change the output: their identities enter the key. */
  readonly tools: readonly ('ffmpeg' | 'fonts' | `model:${string}`)[];
  /**
   * Concurrency weight: how many half cores one run takes on average. Halves, because a task's steps (cutting sound,
   * encoding, proving) fill now more and now less than the threads it has.
   */
  readonly slots: number;
  /** How a run may take place on another machine; absent: it stays where the files are that it reads. */
  readonly moves?: Moves<P, I>;
  run(inputs: I, ctx: StageContext<P>): Promise<Outputs<O>>;
}

/** What moving one run of an operation to another machine means. */
export interface Moves<P, I extends TaskInputs> {
  /** CPU seconds it is likely to take on a core of an ordinary machine: what its inputs' way there is weighed against. */
  cpuSeconds(params: P): number;
  /** Memory at its most, with everything it starts. */
  memoryBytes: number;
  /** What is read of an input of which not all is read, by the input's name. */
  reads(params: P, inputs: I, read: Planner['read']): Promise<Readonly<Record<string, InputPart>>>;
}

/** A part of an input: some of its bytes, or what a demuxer needs to decode some windows of a film. */
export type InputPart = { bytes: readonly ByteRange[] } | { film: FilmPart };

export interface FilmPart {
  /** On the source's timeline, with all that is read before and after them; in order. */
  windows: readonly Range[];
  /** ffprobe's name of the container. */
  container: string;
  /** ffmpeg's numbers of the streams that are decoded. */
  streams: readonly number[];
}

/** Keeps the literal output kinds while checking the shape. */
export function defineOperation<P, I extends TaskInputs, O extends OutputKinds>(operation: Operation<P, I, O>): Operation<P, I, O> {
  return operation;
}

/**
 * What a stage's `plan` function uses to ask for tasks. Asking twice for the same task costs nothing:
 * a task whose key is known is answered from the store.
 */
export interface Planner {
  readonly signal: AbortSignal;
  readonly toolchain: Toolchain;
  /** `label` is shown to people ("clip 2 · vertical"); `priority` larger runs first. */
  task<P, I extends TaskInputs, O extends OutputKinds>(
    operation: Operation<P, I, O>,
    params: P,
    inputs: I,
    options?: { label?: string; priority?: number },
  ): Promise<Outputs<O>>;
  read<K extends ArtifactKind>(ref: ArtifactRef<K>): Promise<ArtifactValue<K>>;
  /** The content hash of a file outside the store; an unchanged file (path, size, mtime, inode) is not read again. */
  fingerprint(path: string, options?: { signal?: AbortSignal }): Promise<FileRef>;
  notice(notice: Notice): void;
  /** A file artifact as an input that is known by its content, like a file outside the store. */
  locate(ref: ArtifactRef<FileKind>): Promise<FileRef>;
}
