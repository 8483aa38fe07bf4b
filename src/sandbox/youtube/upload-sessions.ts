import { createHash, randomBytes, type Hash } from 'node:crypto';
import type { StandInAnswer, StandInRequest } from '../stand-in.js';
import { googleError, refuse } from './answers.js';
import { drain } from './body.js';
import type { Snippet, Status } from './metadata.js';
import type { Video } from './videos.js';

/** Whatever is stored of a chunk that breaks off is a multiple of this, and chunks but the last must be. */
const blockBytes = 262_144;

interface Session {
  channelId: string;
  snippet: Snippet;
  status: Status;
  parts: ReadonlySet<string>;
  totalBytes: number;
  receivedBytes: number;
  /** Size of the chunks, decided by the first of them. */
  chunkBytes: number | undefined;
  hash: Hash;
  createdMs: number;
  made: Video | undefined;
  /** Requests for one session are worked on one after the other. */
  turn: Promise<unknown>;
}

/** What completes an upload, given by the channel. */
export type MakeVideo = (session: { channelId: string; snippet: Snippet; status: Status; sizeBytes: number; sha256: string }) => Video;

/** Google's resumable uploads. */
export class UploadSessions {
  readonly #sessions = new Map<string, Session>();
  readonly #nowMs: () => number;
  readonly #lifetimeMs: number;
  readonly #make: MakeVideo;
  readonly #describe: (video: Video, parts: ReadonlySet<string>) => object;

  constructor(options: { nowMs(): number; lifetimeMs: number; make: MakeVideo; describe(video: Video, parts: ReadonlySet<string>): object }) {
    this.#nowMs = options.nowMs;
    this.#lifetimeMs = options.lifetimeMs;
    this.#make = options.make;
    this.#describe = options.describe;
  }

  /** Sessions that were opened and are still known. */
  get size(): number {
    return this.#sessions.size;
  }

  open(session: Pick<Session, 'channelId' | 'snippet' | 'status' | 'parts' | 'totalBytes'>): string {
    const id = randomBytes(24).toString('base64url');
    this.#sessions.set(id, { ...session, receivedBytes: 0, chunkBytes: undefined, hash: createHash('sha256'), createdMs: this.#nowMs(), made: undefined, turn: Promise.resolve() });
    return id;
  }

  /** Makes all sessions unknown, complete ones included. */
  forget(): void {
    this.#sessions.clear();
  }

  /** Bytes, a question for how many there are, or the end of the upload. */
  async handle(id: string, channelId: string, request: StandInRequest): Promise<StandInAnswer> {
    const session = this.#sessions.get(id);
    if (!session || session.createdMs + this.#lifetimeMs <= this.#nowMs()) {
      this.#sessions.delete(id);
      await drain(request);
      return googleError(404, 'notFound', 'Not Found');
    }
    if (session.channelId !== channelId) {
      await drain(request);
      return googleError(403, 'forbidden', 'The upload was begun by another account.');
    }
    const work = session.turn.then(() => (request.method === 'DELETE' ? this.#cancel(id, session) : this.#put(session, request)));
    session.turn = work.catch(() => {});
    return work;
  }

  #cancel(id: string, session: Session): StandInAnswer {
    if (session.made) return googleError(409, 'conflict', 'The upload is complete.');
    this.#sessions.delete(id);
    // Google's own number for an upload that its client has ended.
    return { status: 499, body: '' };
  }

  async #put(session: Session, request: StandInRequest): Promise<StandInAnswer> {
    const sizeBytes = Number(request.headers['content-length'] ?? Number.NaN);
    if (!Number.isSafeInteger(sizeBytes)) return this.#bad(request, 'A Content-Length is needed.');
    const range = readRange(request.headers['content-range'], sizeBytes, session.totalBytes);
    if (range === undefined) return this.#bad(request, 'Failed to parse Content-Range header.');
    if (range === 'question') {
      await drain(request);
      return this.#state(session);
    }
    if (session.made || range.startByte !== session.receivedBytes) {
      // What does not follow on what is there is not stored; the answer says where to go on.
      await drain(request);
      return this.#state(session);
    }
    const last = range.endByte === session.totalBytes;
    if (!last && (sizeBytes % blockBytes !== 0 || (session.chunkBytes ?? sizeBytes) !== sizeBytes)) return this.#bad(request, `Chunks but the last must be equal multiples of ${blockBytes} bytes.`);
    if (!last) session.chunkBytes ??= sizeBytes;
    await store(session, request, sizeBytes);
    if (session.receivedBytes < session.totalBytes) return this.#state(session);
    session.made = this.#make({ channelId: session.channelId, snippet: session.snippet, status: session.status, sizeBytes: session.totalBytes, sha256: session.hash.digest('hex') });
    return { status: 201, body: this.#describe(session.made, session.parts) };
  }

  async #bad(request: StandInRequest, message: string): Promise<StandInAnswer> {
    await drain(request);
    return googleError(400, 'badRequest', message);
  }

  #state(session: Session): StandInAnswer {
    if (session.made) return { status: 200, body: this.#describe(session.made, session.parts) };
    return { status: 308, headers: session.receivedBytes === 0 ? {} : { range: `bytes=0-${session.receivedBytes - 1}` }, body: '' };
  }
}

/** A body that breaks off leaves its whole blocks. */
async function store(session: Session, request: StandInRequest, sizeBytes: number): Promise<void> {
  let kept: Buffer = Buffer.alloc(0);
  let arrivedBytes = 0;
  for await (const bytes of request.body()) {
    arrivedBytes += bytes.length;
    if (arrivedBytes > sizeBytes) refuse(400, 'badRequest', 'The body is longer than its Content-Length.');
    kept = kept.length === 0 ? Buffer.from(bytes) : Buffer.concat([kept, bytes]);
    const wholeBytes = kept.length - (kept.length % blockBytes);
    if (wholeBytes > 0) take(session, kept.subarray(0, wholeBytes));
    kept = kept.subarray(wholeBytes);
  }
  if (arrivedBytes === sizeBytes) take(session, kept);
}

function take(session: Session, bytes: Buffer): void {
  session.hash.update(bytes);
  session.receivedBytes += bytes.length;
}

/** Undefined: not understood. */
function readRange(header: string | undefined, sizeBytes: number, totalBytes: number): 'question' | { startByte: number; endByte: number } | undefined {
  if (header === undefined) return sizeBytes === totalBytes ? { startByte: 0, endByte: totalBytes } : undefined;
  const question = /^bytes \*\/(\d+)$/.exec(header);
  if (question) return sizeBytes === 0 && Number(question[1]) === totalBytes ? 'question' : undefined;
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(header);
  if (!range) return undefined;
  const [startByte, endByte, total] = [Number(range[1]), Number(range[2]) + 1, Number(range[3])];
  return total === totalBytes && endByte - startByte === sizeBytes && endByte <= totalBytes && sizeBytes > 0 ? { startByte, endByte } : undefined;
}
