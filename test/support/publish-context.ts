import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Credentials } from '../../src/publishers/credentials.js';
import type { HttpTransport } from '../../src/publishers/http.js';
import type { Publication, PublishableClip, PublishContext } from '../../src/publishers/publisher.js';

const nobody = (): never => {
  throw new Error('this test reaches no platform');
};

/** What a publisher is given, in time that the test moves by hand. */
export function publishContext(given: { clip: PublishableClip; http?: HttpTransport; credentials?: Credentials; options?: unknown; clock?: { nowMs(): number }; signal?: AbortSignal }): PublishContext {
  const { credentials } = given;
  return {
    signal: given.signal ?? new AbortController().signal,
    clip: given.clip,
    options: given.options ?? {},
    http: given.http ?? { send: nobody },
    credentials: credentials ? async () => credentials : nobody,
    nowMs: given.clock?.nowMs ?? (() => 1_800_000_000_000),
    progress: () => {},
  };
}

/** A clip of some bytes in `dir`, with captions and a cover. The bytes are no film: stand-ins look at sizes and hashes. */
export function smallClip(dir: string, changes: Partial<PublishableClip> & { bytes?: Uint8Array } = {}): PublishableClip {
  const { bytes = Buffer.from('film'), ...rest } = changes;
  const stem = rest.stem ?? '01-first-words';
  const path = (extension: string): string => join(dir, `${stem}.${extension}`);
  writeFileSync(path('mp4'), bytes);
  for (const extension of ['srt', 'vtt', 'jpg']) writeFileSync(path(extension), extension);
  return {
    stem,
    format: 'vertical',
    videoPath: path('mp4'),
    sha256: createHash('sha256').update(readFileSync(path('mp4'))).digest('hex'),
    sizeBytes: bytes.length,
    durationUs: 30_000_000,
    width: 1080,
    height: 1920,
    fps: 25,
    captions: { srt: path('srt'), vtt: path('vtt') },
    language: 'en',
    coverPath: path('jpg'),
    title: 'First words',
    description: 'What they heard.',
    hashtags: ['#words'],
    ...rest,
  };
}

/** A publication as the ledger would hold it before its first step. */
export function freshPublication(changes: Partial<Publication> & { platform: string; account: string }): Publication {
  return {
    key: 'a'.repeat(64),
    version: 1,
    sourceSha256: 'b'.repeat(64),
    lineage: 'm1',
    accountName: changes.account,
    jobId: 'job',
    clipSha256: 'c'.repeat(64),
    ranges: [{ startUs: 0, endUs: 30_000_000 }],
    revision: 1,
    title: 'First words',
    state: 'claimed',
    handle: null,
    url: null,
    problem: null,
    notBeforeMs: null,
    dueMs: null,
    saga: null,
    ...changes,
  };
}
