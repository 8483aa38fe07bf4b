import { z } from 'zod';
import { coarse, fine } from './schemas/analysis.js';
import { backdrop, clip } from './schemas/clip.js';
import { manifest } from './schemas/manifest.js';
import { candidates, cues, selection } from './schemas/selection.js';
import { source } from './schemas/source.js';
import { language, speech, transcript, transcriptPart } from './schemas/speech.js';

/** Every JSON artifact and its schema. */
export const jsonKinds = {
  source,
  speech,
  language,
  'transcript-part': transcriptPart,
  transcript,
  coarse,
  fine,
  candidates,
  selection,
  cues,
  backdrop,
  clip,
  manifest,
} as const;

/** Artifacts that are files of another format; the value is the file extension. */
export const fileKinds = {
  /** 16 kHz mono signed 16-bit little-endian samples, no header. */
  'speech.pcm': 'pcm',
  /** A source's streams, copied into a container that can be seeked. */
  'media.mkv': 'mkv',
  'clip.mp4': 'mp4',
  'captions.srt': 'srt',
  'captions.vtt': 'vtt',
  'captions.ass': 'ass',
  'cover.jpg': 'jpg',
  'backdrop.png': 'png',
} as const;

export type JsonKind = keyof typeof jsonKinds;
export type FileKind = keyof typeof fileKinds;
export type ArtifactKind = JsonKind | FileKind;

/** The parsed form of an artifact; files have none. */
export type ArtifactValue<K extends ArtifactKind> = K extends JsonKind ? z.infer<(typeof jsonKinds)[K]> : never;

/** Points at one immutable artifact: sha256 of its bytes. */
export interface ArtifactRef<K extends ArtifactKind = ArtifactKind> {
  kind: K;
  hash: string;
  sizeBytes: number;
}

export function isJsonKind(kind: ArtifactKind): kind is JsonKind {
  return kind in jsonKinds;
}
