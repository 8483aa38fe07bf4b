import type { Settings } from '../config/options.js';

/** Where an input comes from. */
export type InputKind = 'file' | 'http' | 'page' | 's3';

/** One input as it was named, before anything of it is read. */
export interface InputRef {
  kind: InputKind;
  /** Its identity, and what is shown and stored: an absolute path, or a URL without passwords and signatures. */
  given: string;
  /** Like a file's name: what outputs are called after. */
  name: string;
  /** The URL as it was typed, where it holds what must not be shown. Never stored. */
  secretUrl?: string;
  /** What it needs to be read was left out of `given` when it was stored: only a copy made earlier can be used. */
  incomplete?: true;
  /** Settings of this input alone, as a line of a list gave them. */
  options?: Partial<Settings>;
}

/** An input as a job reads it. */
export interface LocalInput {
  /** Absolute. */
  path: string;
  name: string;
}

export interface FetchContext {
  signal: AbortSignal;
  /** Folder of all downloads; each remote input has one of its own in it. */
  downloadsDir: string;
  /** Download anew, whatever lies there. */
  fresh: boolean;
  allowPrivateNetwork: boolean;
  maxBytes: number;
  /** A connection that brings nothing for this long is given up and made anew. */
  silenceMs: number;
  s3Endpoint: string | null;
  /** The yt-dlp to run; a bare name is looked up on PATH. */
  ytDlp: string;
  /** `totalBytes` is undefined while the other side does not say. */
  progress(doneBytes: number, totalBytes: number | undefined): void;
  notice(notice: { code: string; message: string; remedy: string; severity: 'info' | 'degraded' }): void;
  /** Runs `work` while no other process of this machine works on the folder of that name among the downloads. */
  exclusive<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** One kind of place inputs come from. */
export interface SourceKind {
  /**
   * Brings the input to this disk, or finds it there.
   * @throws {SnvgError} SOURCE_*, REMOTE_*, YTDLP_MISSING, DISK_FULL
   */
  fetch(ref: InputRef, context: FetchContext): Promise<LocalInput>;
}
