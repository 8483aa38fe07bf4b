import type { Clip } from '../../artifacts/schemas/clip.js';
import type { Manifest } from '../../artifacts/schemas/manifest.js';
import type { Candidates, Cues, Moment } from '../../artifacts/schemas/selection.js';
import type { Word } from '../../artifacts/schemas/speech.js';

/** Everything the report shows. */
export interface ReportInput {
  manifest: Manifest;
  /** Absent when the job ended before anything was considered. */
  candidates: Candidates | undefined;
  /** The transcript, on the source's timeline. */
  words: readonly Word[];
  /** Of the transcript, for the browser's fonts and line breaking. */
  language?: string;
  receipts: readonly ReportReceipt[];
}

/** What belongs to one output of the manifest. */
export interface ReportReceipt {
  /** The output's path in the manifest. */
  path: string;
  clip: Clip;
  moment: Moment;
  /** Still picture beside the page, shown until the clip plays. */
  cover?: string;
  /** The words its captions show, hand edits included, in time on the clip; without them the transcript's words are shown. */
  cues?: Cues;
}

export type ManifestClip = Manifest['clips'][number];
export type ManifestOutput = ManifestClip['outputs'][number];
