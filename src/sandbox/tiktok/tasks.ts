import { createHash, randomBytes, type Hash } from 'node:crypto';
import type { StandInAnswer, StandInPost, StandInRequest } from '../stand-in.js';
import { Refused } from './answers.js';
import type { Fields } from './fields.js';

const addressLifetimeMs = 3_600_000;
const minChunkBytes = 5_000_000;
const maxChunkBytes = 64 * 2 ** 20;
const maxLastChunkBytes = 128 * 2 ** 20;
const maxVideoBytes = 4 * 2 ** 30;

/** What a direct post asks for; null: a draft. */
export interface PostInfo {
  title: string;
  privacy: string;
}

/** How an upload is announced. */
export interface SourceInfo {
  videoSize: number;
  chunkSize: number;
  totalChunks: number;
}

/** Reads `source_info` and holds it to the media transfer guide. @throws {Refused} invalid_param */
export function readSource(fields: Fields): SourceInfo {
  const source = fields.string('source');
  if (source === 'PULL_FROM_URL') throw new Refused('url_ownership_unverified', 'The stand-in takes files only');
  if (source !== 'FILE_UPLOAD') throw new Refused('invalid_param', 'source_info.source must be FILE_UPLOAD or PULL_FROM_URL');
  const videoSize = fields.count('video_size', 1);
  const chunkSize = fields.count('chunk_size', 1);
  const totalChunks = fields.count('total_chunk_count', 1);
  fields.done();
  if (videoSize > maxVideoBytes) throw new Refused('invalid_param', 'The video is larger than 4 GB');
  if (videoSize < minChunkBytes && chunkSize !== videoSize) throw new Refused('invalid_param', 'A video of less than 5 MB must be uploaded whole');
  if (videoSize >= minChunkBytes && (chunkSize < minChunkBytes || chunkSize > maxChunkBytes)) throw new Refused('invalid_param', 'A chunk must have 5 to 64 MB');
  if (chunkSize > videoSize) throw new Refused('invalid_param', 'A chunk cannot be larger than the video');
  if (totalChunks !== Math.floor(videoSize / chunkSize) || totalChunks > 1000) throw new Refused('invalid_param', 'The total chunk count is invalid');
  if (videoSize - (totalChunks - 1) * chunkSize > maxLastChunkBytes) throw new Refused('invalid_param', 'The last chunk is larger than 128 MB');
  return { videoSize, chunkSize, totalChunks };
}

/** How long TikTok takes, and which failure it ends with, if any. */
export interface Course {
  processingMs: number;
  moderationMs: number;
  failReason: string | null;
}

/** One upload, from its announcement to what became of it. */
export class Task {
  readonly publishId: string;
  readonly uploadId: string;
  readonly uploadUrl: string;
  readonly account: string;
  readonly username: string;
  readonly info: PostInfo | null;
  readonly createdMs: number;
  readonly #source: SourceInfo;
  readonly #token = randomBytes(12).toString('hex');
  readonly #course: Course;
  readonly #nowMs: () => number;
  readonly #postId: string;
  #hash: Hash = createHash('sha256');
  #received = 0;
  #completedMs: number | null = null;
  #sha256 = '';
  #finishedByOwner = false;

  constructor(given: { serial: number; account: string; username: string; info: PostInfo | null; source: SourceInfo; course: Course; nowMs: () => number }) {
    this.uploadId = String(7_200_000_000_000_000_000n + BigInt(given.serial));
    this.#postId = String(7_300_000_000_000_000_001n + 2n * BigInt(given.serial));
    this.publishId = given.info === null ? `v_inbox_file~v2.${this.uploadId}` : `v_pub_file~v2-1.${this.uploadId}`;
    this.uploadUrl = `https://open-upload.tiktokapis.com/video/?upload_id=${this.uploadId}&upload_token=${this.#token}`;
    this.account = given.account;
    this.username = given.username;
    this.info = given.info;
    this.#source = given.source;
    this.#course = given.course;
    this.#nowMs = given.nowMs;
    this.createdMs = given.nowMs();
  }

  /** Whether the address is the one that was given out. */
  opensTo(url: URL): boolean {
    return url.searchParams.get('upload_id') === this.uploadId && url.searchParams.get('upload_token') === this.#token;
  }

  /** A draft that its owner has not finished, begun within a day. */
  get pending(): boolean {
    return this.info === null && !this.#finishedByOwner && this.#nowMs() - this.createdMs < 86_400_000 && this.#completedMs !== null && this.#course.failReason === null;
  }

  /** The owner posts the draft in the app. */
  finishByOwner(): void {
    this.#finishedByOwner = true;
  }

  /** Takes the chunk that is due, whole or not at all. */
  async put(request: StandInRequest): Promise<StandInAnswer> {
    if (this.#nowMs() >= this.createdMs + addressLifetimeMs) return this.#bare(403);
    if (this.#settled()) return this.#bare(404);
    const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(request.headers['content-range'] ?? '');
    const contentType = request.headers['content-type'] ?? '';
    const length = Number(request.headers['content-length']);
    if (!range || !['video/mp4', 'video/quicktime', 'video/webm'].includes(contentType)) return this.#bare(400);
    const [first, last, total] = [Number(range[1]), Number(range[2]), Number(range[3])];
    if (total !== this.#source.videoSize || last < first || last >= total || length !== last - first + 1) return this.#bare(400);
    if (first !== this.#received) return this.#bare(416);
    if (last + 1 !== this.#chunkEnd(first)) return this.#bare(400);
    const hash = this.#hash.copy();
    let bytes = 0;
    for await (const piece of request.body()) {
      hash.update(piece);
      bytes += piece.length;
    }
    if (bytes !== length) return this.#bare(400);
    if (first !== this.#received) return this.#bare(416);
    this.#hash = hash;
    this.#received = last + 1;
    if (this.#received < total) return this.#bare(206);
    this.#completedMs = this.#nowMs();
    this.#sha256 = this.#hash.copy().digest('hex');
    return this.#bare(201);
  }

  /** `data` of status/fetch, as JSON text: post ids are 64-bit numbers. */
  status(): string {
    const uploaded = `"uploaded_bytes":${this.#received}`;
    if (this.#completedMs === null || this.#nowMs() < this.#completedMs + this.#course.processingMs) return `{"status":"PROCESSING_UPLOAD","publicaly_available_post_id":[],${uploaded}}`;
    if (this.#course.failReason !== null) return `{"status":"FAILED","fail_reason":${JSON.stringify(this.#course.failReason)},"publicaly_available_post_id":[],${uploaded}}`;
    if (this.info === null && !this.#finishedByOwner) return `{"status":"SEND_TO_USER_INBOX","publicaly_available_post_id":[],${uploaded}}`;
    const moderated = this.#nowMs() >= this.#completedMs + this.#course.processingMs + this.#course.moderationMs;
    const everyone = this.info === null || this.info.privacy === 'PUBLIC_TO_EVERYONE';
    return `{"status":"PUBLISH_COMPLETE","publicaly_available_post_id":[${everyone && moderated ? this.#postId : ''}],${uploaded}}`;
  }

  /** Undefined while bytes are missing, and when TikTok has given it up. Counted from its last byte on: nothing takes it back after that. */
  post(): StandInPost | undefined {
    if (this.#completedMs === null || this.#course.failReason !== null) return undefined;
    const draft = this.info === null && !this.#finishedByOwner;
    return {
      id: this.#postId,
      account: this.account,
      url: `https://www.tiktok.com/@${this.username}/video/${this.#postId}`,
      text: this.info?.title ?? '',
      videoSha256: this.#sha256,
      visibility: draft ? 'draft' : this.info === null || this.info.privacy === 'PUBLIC_TO_EVERYONE' ? 'public' : 'private',
      publishAtMs: null,
      createdMs: this.#completedMs,
    };
  }

  #settled(): boolean {
    return this.#completedMs !== null && this.#nowMs() >= this.#completedMs + this.#course.processingMs;
  }

  #chunkEnd(first: number): number {
    const { chunkSize, totalChunks, videoSize } = this.#source;
    const index = Math.floor(first / chunkSize);
    return index >= totalChunks - 1 ? videoSize : (index + 1) * chunkSize;
  }

  /** Answers for bytes have no body; the header counts what is there. */
  #bare(status: number): StandInAnswer {
    const counted = status === 206 || status === 201 || status === 416;
    return { status, headers: counted ? { 'content-range': `bytes 0-${this.#received}/${this.#source.videoSize}` } : {} };
  }
}
