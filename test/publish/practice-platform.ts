import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { LostReply, PlatformFault } from '../../src/publishers/faults.js';
import type { HttpAnswer } from '../../src/publishers/http.js';
import type { Json, Lookup, Publication, PublicationStep, PublishContext, Publisher, Quota } from '../../src/publishers/publisher.js';
import type { StandIn, StandInAnswer, StandInPost, StandInRequest } from '../../src/sandbox/stand-in.js';

const host = 'practice.example';
const chunkBytes = 4;

interface Session {
  sizeBytes: number;
  received: Buffer;
  text: string;
}

interface Post extends StandInPost {
  session: string;
  pollsLeft: number;
}

/**
 * A platform for the engine's tests, as unforgiving as a platform can be: asked twice to post, it posts twice. It speaks a small protocol:
 * POST /sessions, PUT /sessions/<id>, POST /posts, GET /posts/<id>, GET /posts?session=, DELETE /posts/<id> while it is no more than scheduled.
 */
export class PracticePlatform implements StandIn {
  readonly id = 'practice';
  readonly hosts = [host];
  readonly #sessions = new Map<string, Session>();
  readonly #posts: Post[] = [];
  /** Access tokens that are accepted, by account. */
  readonly tokens = new Map<string, string>([['token', 'me']]);
  readonly #visibility: StandInPost['visibility'];
  readonly #polls: number;
  requests: string[] = [];

  constructor(options: { visibility?: StandInPost['visibility']; polls?: number } = {}) {
    this.#visibility = options.visibility ?? 'public';
    this.#polls = options.polls ?? 1;
  }

  posts(): StandInPost[] {
    return this.#posts.map(({ session: _session, pollsLeft: _polls, ...post }) => post);
  }

  refusal(status: number): StandInAnswer {
    return { status, body: { error: { 401: 'token', 403: 'forbidden', 409: 'conflict', 429: 'slow-down' }[status] ?? 'server' } };
  }

  async handle(request: StandInRequest): Promise<StandInAnswer> {
    const { method, url } = request;
    this.requests.push(`${method} ${url.pathname}`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of request.body()) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const account = this.tokens.get((request.headers['authorization'] ?? '').replace('Bearer ', ''));
    if (account === undefined) return this.refusal(401);
    const [, kind, id] = url.pathname.split('/');
    if (method === 'POST' && kind === 'sessions') return this.#open(body);
    if (method === 'PUT' && kind === 'sessions') return this.#receive(id ?? '', Number(url.searchParams.get('offset')), body);
    if (method === 'POST' && kind === 'posts') return this.#post(account, body);
    if (method === 'GET' && kind === 'posts' && id === undefined) return { status: 200, body: { posts: this.#posts.filter(({ session }) => session === url.searchParams.get('session')).map((post) => post.id) } };
    if (method === 'GET' && kind === 'posts') return this.#status(id ?? '');
    if (method === 'DELETE' && kind === 'posts') return this.#take(id ?? '');
    return { status: 404, body: { error: 'no such thing' } };
  }

  #open(body: Buffer): StandInAnswer {
    const { sizeBytes, text } = z.strictObject({ sizeBytes: z.int().positive(), text: z.string() }).parse(JSON.parse(body.toString()));
    if (text.includes('forbidden')) return { status: 403, body: { error: 'policy' } };
    const id = randomUUID();
    this.#sessions.set(id, { sizeBytes, received: Buffer.alloc(0), text });
    return { status: 200, body: { id } };
  }

  #receive(id: string, offset: number, body: Buffer): StandInAnswer {
    const session = this.#sessions.get(id);
    if (!session) return { status: 404, body: { error: 'no session' } };
    // The same bytes twice are no harm; a gap is.
    if (offset > session.received.length || offset + body.length > session.sizeBytes) return { status: 416, body: { error: 'range' } };
    session.received = Buffer.concat([session.received.subarray(0, offset), body]);
    return { status: 200, body: { received: session.received.length } };
  }

  #post(account: string, body: Buffer): StandInAnswer {
    const { session: id } = z.strictObject({ session: z.string() }).parse(JSON.parse(body.toString()));
    const session = this.#sessions.get(id);
    if (!session || session.received.length !== session.sizeBytes) return { status: 400, body: { error: 'incomplete' } };
    const post: Post = {
      id: `p${this.#posts.length + 1}`,
      account,
      url: `https://${host}/p${this.#posts.length + 1}`,
      text: session.text,
      videoSha256: createHash('sha256').update(session.received).digest('hex'),
      visibility: this.#visibility,
      publishAtMs: null,
      createdMs: 0,
      session: id,
      pollsLeft: this.#polls,
    };
    this.#posts.push(post);
    return { status: 201, body: { id: post.id } };
  }

  #status(id: string): StandInAnswer {
    const post = this.#posts.find((one) => one.id === id);
    if (!post) return { status: 404, body: { error: 'no post' } };
    post.pollsLeft -= 1;
    return { status: 200, body: post.pollsLeft > 0 ? { state: 'working' } : { state: post.visibility === 'public' ? 'published' : post.visibility === 'draft' ? 'draft' : 'scheduled', url: post.url } };
  }

  #take(id: string): StandInAnswer {
    const index = this.#posts.findIndex((one) => one.id === id);
    if (index === -1) return { status: 404, body: { error: 'no post' } };
    if (this.#posts[index]?.visibility === 'public') return { status: 403, body: { error: 'public' } };
    this.#posts.splice(index, 1);
    return { status: 200, body: {} };
  }
}

/** The publisher of the practice platform. `undecided`: it cannot look anything up. */
export function practicePublisher(options: { id?: string; quotas?: readonly Quota[]; undecided?: boolean; spend?: string } = {}): Publisher {
  return {
    id: options.id ?? 'practice',
    name: 'Practice',
    limits: { checkedOn: '2026-11-25', formats: ['vertical'] },
    quotas: options.quotas ?? [],
    options: z.strictObject({}),
    auth: null,
    reach: 'public',
    check: () => [],
    advance: (publication, context) => advance(publication, context, options.spend),
    async lookup(publication, context): Promise<Lookup> {
      if (options.undecided) return { undecided: { question: 'Is it there?', reason: 'the platform does not say' } };
      const session = publication.handle?.['session'];
      if (typeof session !== 'string') return { absent: { state: 'claimed', handle: null } };
      const { posts } = z.object({ posts: z.array(z.string()) }).parse(read(await send(context, 'GET', `/posts?session=${session}`)));
      return posts[0] === undefined ? { absent: { state: 'uploading' } } : { found: { state: 'processing', handle: { ...publication.handle, post: posts[0] } } };
    },
    async cancel(publication, context): Promise<PublicationStep> {
      const post = publication.handle?.['post'];
      if (typeof post === 'string') {
        const answer = await send(context, 'DELETE', `/posts/${post}`);
        if (answer.status !== 404) read(answer);
      }
      return { state: 'cancelled', handle: null };
    },
  };
}

async function advance(publication: Publication, context: PublishContext, quota: string | undefined): Promise<PublicationStep> {
  const { clip } = context;
  const handle: Record<string, Json> = publication.handle ?? {};
  const { session, post } = handle;
  if (publication.state === 'processing' && typeof post === 'string') {
    const answer = z.object({ state: z.string(), url: z.string().optional() }).parse(read(await send(context, 'GET', `/posts/${post}`)));
    if (answer.state === 'working') return { state: 'processing', notBeforeMs: context.nowMs() + 5000 };
    return { state: answer.state as 'published' | 'scheduled' | 'draft', url: answer.url ?? '' };
  }
  if (publication.state === 'committing' && typeof session === 'string') {
    const answer = await send(context, 'POST', '/posts', JSON.stringify({ session }));
    if (answer.status >= 500) throw new LostReply(`HTTP ${answer.status}`);
    const { id } = z.object({ id: z.string() }).parse(read(answer));
    return { state: 'processing', handle: { ...handle, post: id }, ...(quota === undefined ? {} : { spent: { [quota]: 1 } }) };
  }
  if (typeof session !== 'string') {
    const { id } = z.object({ id: z.string() }).parse(read(await send(context, 'POST', '/sessions', JSON.stringify({ sizeBytes: clip.sizeBytes, text: clip.title }))));
    return { state: 'prepared', handle: { session: id, sent: 0 } };
  }
  const sent = Number(handle['sent']);
  if (sent >= clip.sizeBytes) return { state: 'committing' };
  const endByte = Math.min(clip.sizeBytes, sent + chunkBytes);
  const answer = await context.http.send({ method: 'PUT', url: `https://${host}/sessions/${session}?offset=${sent}`, headers: await signed(context), body: { path: clip.videoPath, startByte: sent, endByte }, signal: context.signal });
  read(answer);
  context.progress(endByte / clip.sizeBytes);
  return { state: 'uploading', handle: { ...handle, sent: endByte } };
}

async function signed(context: PublishContext): Promise<Record<string, string>> {
  return { authorization: `Bearer ${(await context.credentials()).accessToken}` };
}

async function send(context: PublishContext, method: 'GET' | 'POST' | 'DELETE', path: string, body?: string): Promise<HttpAnswer> {
  return context.http.send({ method, url: `https://${host}${path}`, headers: await signed(context), signal: context.signal, ...(body === undefined ? {} : { body }) });
}

function read({ status, text }: HttpAnswer): unknown {
  if (status < 300) {
    try {
      return JSON.parse(text) as unknown;
    } catch (cause) {
      throw new LostReply('half an answer', { cause });
    }
  }
  const code = z.object({ error: z.string() }).parse(JSON.parse(text)).error;
  const kind = status === 401 ? 'auth' : status === 429 || status >= 500 || status === 409 ? 'retry' : 'refused';
  throw new PlatformFault(kind, { code, message: `the platform says ${code}`, remedy: kind === 'auth' ? 'Log in again.' : 'Do as it says.' });
}
