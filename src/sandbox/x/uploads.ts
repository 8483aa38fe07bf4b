import { createHash, type Hash } from 'node:crypto';
import type { StandInAnswer, StandInRequest } from '../stand-in.js';
import { initializeBody, metadataBody, readBytes, readJson, subtitlesBody } from './bodies.js';
import type { Snowflakes } from './ids.js';
import { forbidden, invalidRequest, notFound } from './problems.js';

/** Segments are at most 5 MB, and 1000 of them. */
const maxSegmentBytes = 5_000_000;
const maxSegments = 1000;
const lifetimeMs = 24 * 3_600_000;
/** Videos of accounts without Premium: 8 GB. */
const maxBytes = 8 * 2 ** 30;

/** First part of a media key. */
const keyKinds = { tweet_video: 7, amplify_video: 13, subtitles: 15 } as const;

/** A segment that arrived, and the hash of everything up to its end: the bytes themselves are not kept. */
interface Segment {
  sha256: string;
  sizeBytes: number;
  upTo: Hash;
}

interface Upload {
  id: string;
  key: string;
  owner: string;
  totalBytes: number;
  expiresMs: number;
  segments: Segment[];
  finalizedMs: number | null;
  videoSha256: string;
  outcome: ProcessingOutcome;
  altText: string | null;
  /** What it is: subtitles are tied to videos and not posted. */
  kind: 'video' | 'subtitles';
  /** Languages of the subtitles tied to it. */
  languages: string[];
}

export type ProcessingOutcome = 'succeeded' | 'InvalidMedia' | 'InternalError';

/** The media endpoints: initialize, append, finalize, status, metadata. */
export class Uploads {
  /** How long X works on a video after its upload. */
  processingMs = 4000;
  /** What becomes of videos finalized from now on. */
  outcome: ProcessingOutcome = 'succeeded';
  /** Whether videos may have a description. */
  describesVideos = true;
  /** Whether subtitles can be tied to videos. */
  takesSubtitles = true;
  readonly #uploads = new Map<string, Upload>();
  readonly #nowMs: () => number;
  readonly #ids: Snowflakes;

  constructor(nowMs: () => number, ids: Snowflakes) {
    this.#nowMs = nowMs;
    this.#ids = ids;
  }

  async initialize(request: StandInRequest, owner: string): Promise<StandInAnswer> {
    const read = await readJson(request, initializeBody);
    if ('refused' in read) return read.refused;
    if (read.body.total_bytes > maxBytes) return invalidRequest('The size of the media is over the limit of the account.', { total_bytes: [String(read.body.total_bytes)] });
    const id = this.#ids.next();
    const key = `${keyKinds[read.body.media_category]}_${id}`;
    this.#uploads.set(id, {
      id,
      key,
      owner,
      totalBytes: read.body.total_bytes,
      expiresMs: this.#nowMs() + lifetimeMs,
      segments: [],
      finalizedMs: null,
      videoSha256: '',
      outcome: 'succeeded',
      altText: null,
      kind: read.body.media_category === 'subtitles' ? 'subtitles' : 'video',
      languages: [],
    });
    return { status: 200, body: { data: { id, media_key: key, expires_after_secs: lifetimeMs / 1000 } } };
  }

  /** The next segment, or one that came before and is replaced. */
  async append(request: StandInRequest, id: string, owner: string): Promise<StandInAnswer> {
    const upload = this.#find(id, owner);
    if ('refused' in upload) return upload.refused;
    if (!(request.headers['content-type'] ?? '').startsWith('multipart/form-data')) return invalidRequest('The content type must be multipart/form-data.');
    const form = await new Response(await readBytes(request), { headers: { 'content-type': request.headers['content-type'] ?? '' } }).formData().catch(() => undefined);
    if (!form) return invalidRequest('The body is not valid multipart/form-data.');
    const unknown = [...form.keys()].find((name) => name !== 'media' && name !== 'segment_index');
    if (unknown !== undefined) return invalidRequest(`The field [${unknown}] is not one of [media,segment_index]`, { [unknown]: [] });
    const index = form.get('segment_index');
    const media = form.get('media');
    if (typeof index !== 'string' || !/^\d{1,3}$/.test(index) || Number(index) >= maxSegments) return invalidRequest('segment_index must be between 0 and 999', { segment_index: [String(index)] });
    if (media === null || typeof media === 'string') return invalidRequest('media is required', { media: [] });
    return this.#store(upload, Number(index), Buffer.from(await media.arrayBuffer()));
  }

  finalize(id: string, owner: string): StandInAnswer {
    const upload = this.#find(id, owner);
    if ('refused' in upload) return upload.refused;
    const last = upload.segments.at(-1);
    const bytes = upload.segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    if (upload.finalizedMs !== null) return invalidRequest('The upload has been finalized.', { id: [id] });
    if (!last || bytes !== upload.totalBytes) return invalidRequest(`The upload has ${bytes} of ${upload.totalBytes} bytes.`, { id: [id] });
    upload.finalizedMs = this.#nowMs();
    upload.videoSha256 = last.upTo.copy().digest('hex');
    upload.outcome = upload.kind === 'video' ? this.outcome : 'succeeded';
    return { status: 200, body: { data: this.#state(upload) } };
  }

  status(request: StandInRequest, owner: string): StandInAnswer {
    const query = request.url.searchParams;
    const unknown = [...query.keys()].find((name) => name !== 'command' && name !== 'media_id');
    if (unknown !== undefined) return invalidRequest(`The query parameter [${unknown}] is not one of [command,media_id]`, { [unknown]: [] });
    if (query.get('command') !== 'STATUS') return invalidRequest('command must be STATUS', { command: [query.get('command') ?? ''] });
    const upload = this.#find(query.get('media_id') ?? '', owner);
    if ('refused' in upload) return upload.refused;
    if (upload.finalizedMs === null) return invalidRequest('The upload has not been finalized.', { media_id: [upload.id] });
    return { status: 200, body: { data: this.#state(upload) } };
  }

  async describe(request: StandInRequest, owner: string): Promise<StandInAnswer> {
    const read = await readJson(request, metadataBody);
    if ('refused' in read) return read.refused;
    const upload = this.#find(read.body.id, owner);
    if ('refused' in upload) return upload.refused;
    if (!this.describesVideos && read.body.metadata?.alt_text) return invalidRequest('alt_text is not supported for this media.', { id: [upload.id] });
    upload.altText = read.body.metadata?.alt_text?.text ?? upload.altText;
    return { status: 200, body: { data: { id: upload.id, associated_metadata: read.body.metadata ?? {} } } };
  }

  async attachSubtitles(request: StandInRequest, owner: string): Promise<StandInAnswer> {
    const read = await readJson(request, subtitlesBody);
    if ('refused' in read) return read.refused;
    const { id, media_category: category, subtitles } = read.body;
    const video = this.#find(id, owner);
    if ('refused' in video) return video.refused;
    const track = this.#find(subtitles.id, owner);
    if ('refused' in track) return track.refused;
    if (!this.takesSubtitles || video.kind !== 'video' || track.kind !== 'subtitles' || track.finalizedMs === null) return invalidRequest('The subtitles cannot be associated with the media.', { id: [id] });
    video.languages = [...new Set([...video.languages, subtitles.language_code])];
    return { status: 200, body: { data: { id, media_category: category, associated_subtitles: [subtitles] } } };
  }

  /** What a post may name: finished, not expired, and the poster's own. */
  usable(id: string, owner: string): { key: string; videoSha256: string; altText: string | null; languages: readonly string[] } | undefined {
    const upload = this.#find(id, owner);
    return 'refused' in upload || upload.kind !== 'video' || this.#stateOf(upload) !== 'succeeded' ? undefined : upload;
  }

  /** Forgets everything uploaded so far, as X does after a day. */
  forgetAll(): void {
    this.#uploads.clear();
  }

  #find(id: string, owner: string): Upload | { refused: StandInAnswer } {
    if (!/^[0-9]{1,19}$/.test(id)) return { refused: invalidRequest(`The media id [${id}] is not valid`, { id: [id] }) };
    const upload = this.#uploads.get(id);
    if (!upload || this.#nowMs() >= upload.expiresMs) return { refused: notFound('media', id) };
    return upload.owner === owner ? upload : { refused: forbidden() };
  }

  #store(upload: Upload, index: number, bytes: Buffer): StandInAnswer {
    if (upload.finalizedMs !== null) return invalidRequest('The upload has been finalized.', { id: [upload.id] });
    if (bytes.length === 0 || bytes.length > maxSegmentBytes) return invalidRequest(`A segment has 1 to ${maxSegmentBytes} bytes`, { media: [] });
    if (index > upload.segments.length) return invalidRequest(`Segment ${upload.segments.length} is missing`, { segment_index: [String(index)] });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const known = upload.segments[index];
    if (known && known.sha256 !== sha256) upload.segments.length = index;
    if (index === upload.segments.length) {
      const before = upload.segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      if (before + bytes.length > upload.totalBytes) return invalidRequest(`The upload was begun with ${upload.totalBytes} bytes`, { media: [] });
      const upTo = upload.segments.at(-1)?.upTo.copy() ?? createHash('sha256');
      upload.segments.push({ sha256, sizeBytes: bytes.length, upTo: upTo.update(bytes) });
    }
    return { status: 200, body: { data: { expires_at: Math.floor(upload.expiresMs / 1000) } } };
  }

  #stateOf({ finalizedMs, outcome }: Upload): 'none' | 'pending' | 'in_progress' | 'succeeded' | 'failed' {
    if (finalizedMs === null) return 'none';
    const workedMs = this.#nowMs() - finalizedMs;
    if (workedMs < this.processingMs / 4) return 'pending';
    if (workedMs < this.processingMs) return 'in_progress';
    return outcome === 'succeeded' ? 'succeeded' : 'failed';
  }

  #state(upload: Upload): object {
    return {
      id: upload.id,
      media_key: upload.key,
      size: upload.totalBytes,
      expires_after_secs: Math.floor((upload.expiresMs - this.#nowMs()) / 1000),
      ...(upload.kind === 'subtitles' ? {} : { processing_info: this.#processing(upload) }),
    };
  }

  #processing(upload: Upload): object {
    const state = this.#stateOf(upload);
    const leftMs = (upload.finalizedMs ?? 0) + this.processingMs - this.#nowMs();
    if (state === 'pending' || state === 'in_progress') return { state, check_after_secs: Math.min(30, Math.max(1, Math.ceil(leftMs / 2000))), progress_percent: Math.floor(100 - (100 * leftMs) / this.processingMs) };
    if (upload.outcome === 'InvalidMedia') return { state, error: { code: 1, name: 'InvalidMedia', message: 'Unsupported video format' } };
    if (upload.outcome === 'InternalError') return { state, error: { code: 0, name: 'InternalError', message: 'Internal error' } };
    return { state, progress_percent: 100 };
  }
}
