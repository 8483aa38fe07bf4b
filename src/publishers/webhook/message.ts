import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { SnvgError } from '../../errors.js';
import type { FormPart } from '../http.js';
import type { Publication, PublishableClip } from '../publisher.js';
import type { WebhookOptions } from './options.js';

/** What is delivered: the signed event and the files it names with their sizes and hashes. */
export interface WebhookMessage {
  /** Of this revision of this publication, for ever: receivers take it once. No full stop in it, for the signature's sake. */
  id: string;
  /** The event as JSON text: what is signed, byte for byte. */
  payload: string;
  /** The event first, so that a receiver can refuse before the film. */
  parts: FormPart[];
}

interface FilePart {
  part: string;
  contentType: string;
  sha256: string;
  sizeBytes: number;
}

/** The same publication gives the same message, whenever it is laid out. @throws {SnvgError} MEDIA_MISSING */
export async function layOutMessage(publication: Publication, clip: PublishableClip, options: WebhookOptions, createdMs: number): Promise<WebhookMessage> {
  const video: FilePart = { part: 'video', contentType: 'video/mp4', sha256: clip.sha256, sizeBytes: clip.sizeBytes };
  const files: { file: FilePart; path: string }[] = [{ file: video, path: clip.videoPath }];
  if (options.captions && clip.captions) {
    files.push(await measured('captions-srt', 'application/x-subrip', clip.captions.srt), await measured('captions-vtt', 'text/vtt', clip.captions.vtt));
  }
  if (options.cover) files.push(await measured('cover', 'image/jpeg', clip.coverPath));
  const id = `${publication.key}-r${publication.revision}`;
  const payload = JSON.stringify({
    type: 'clip.published',
    timestamp: new Date(createdMs).toISOString(),
    data: {
      publication: publication.key,
      revision: publication.revision,
      title: clip.title,
      description: clip.description,
      hashtags: clip.hashtags,
      language: clip.language,
      format: clip.format,
      width: clip.width,
      height: clip.height,
      fps: clip.fps,
      durationUs: clip.durationUs,
      source: { sha256: publication.sourceSha256, ranges: publication.ranges },
      files: files.map(({ file }) => file),
    },
  });
  return {
    id,
    payload,
    parts: [
      { name: 'event', value: payload, contentType: 'application/json' },
      ...files.map(({ file, path }): FormPart => ({ name: file.part, value: { path, startByte: 0, endByte: file.sizeBytes }, fileName: fileName(clip.stem, file.part), contentType: file.contentType })),
    ],
  };
}

/** Captions and covers are small. */
async function measured(part: string, contentType: string, path: string): Promise<{ file: FilePart; path: string }> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new SnvgError('MEDIA_MISSING', `Cannot read ${path}`, 'Make the clip again (snvg process), or leave it out: --set webhook.captions=false --set webhook.cover=false', { cause });
  });
  return { file: { part, contentType, sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length }, path };
}

function fileName(stem: string, part: string): string {
  const endings: Record<string, string> = { video: '.mp4', 'captions-srt': '.srt', 'captions-vtt': '.vtt', cover: '.jpg' };
  return `${stem}${endings[part] ?? ''}`;
}
