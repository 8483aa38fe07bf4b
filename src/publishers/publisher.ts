/**
 * claimed → prepared → uploading → processing → published | scheduled | draft | failed | unknown.
 * `unknown`: a reply was lost; it is looked up, never blindly retried.
 */
export type PublicationState = 'claimed' | 'prepared' | 'uploading' | 'processing' | 'published' | 'scheduled' | 'draft' | 'failed' | 'unknown';

/** One clip on its way to one account, as the ledger knows it. */
export interface Publication {
  key: string;
  sourceSha256: string;
  lineage: string;
  platform: string;
  account: string;
  jobId: string;
  clipSha256: string;
  revision: number;
  title: string;
  state: PublicationState;
  /** The platform's own name for what is being made; persisted before anything irreversible. */
  handle: string | null;
  url: string | null;
  error: string | null;
}

/** A finished clip with what a platform asks for. Paths are absolute. */
export interface PublishableClip {
  stem: string;
  videoPath: string;
  sha256: string;
  durationUs: number;
  width: number;
  height: number;
  captions: { srt: string; vtt: string } | null;
  coverPath: string;
  title: string;
  description: string;
  hashtags: readonly string[];
}

/** What a platform accepts, and when that was last checked: limits change and pages disagree. */
interface DatedLimits {
  checkedOn: string;
  maxDurationUs?: number;
  maxSizeBytes?: number;
  maxTitleCharacters?: number;
}

/** Something about a clip that a platform refuses or will change. */
export interface Finding {
  severity: 'refused' | 'adjusted';
  message: string;
  remedy: string;
}

export interface PublishContext {
  signal: AbortSignal;
  clip: PublishableClip;
  /** 0…1 of the present step. */
  progress(fraction: number): void;
}

/** The outcome of one step, to be persisted before the next. */
export interface PublicationStep {
  state: PublicationState;
  handle?: string;
  url?: string;
}

/** One platform. A folder under src/publishers, found in registry.ts, held to test/publishers' contract suite. */
export interface Publisher {
  readonly id: string;
  readonly limits: DatedLimits;
  /** Checks what follows the colon of `--to <id>:<account>`. @throws {SnvgError} USAGE with what is expected */
  account(text: string): string;
  check(clip: PublishableClip): Finding[];
  /** Moves the publication by one persisted step; may be called again at any point and then does no step twice. */
  advance(publication: Publication, context: PublishContext): Promise<PublicationStep>;
  /** Asks the platform what became of a publication whose reply was lost; undefined when it cannot tell. */
  lookup(publication: Publication, context: PublishContext): Promise<PublicationStep | undefined>;
}
