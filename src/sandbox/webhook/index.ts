import { createHash } from 'node:crypto';
import type { StandIn, StandInAnswer, StandInOptions, StandInPost, StandInRequest } from '../stand-in.js';
import { clipEvent } from './event.js';
import { secretsOf, verify } from './verify.js';

/** A receiver as docs/platforms/webhook.md asks for: it checks the signature, the time, the hash of every file, and takes each id once. */
export class WebhookStandIn implements StandIn {
  readonly id = 'webhook';
  readonly hosts: readonly string[];
  /** Takes no more clips: 410. */
  isClosed = false;
  readonly #secrets: readonly Buffer[];
  readonly #nowMs: () => number;
  readonly #taken = new Map<string, StandInPost>();

  /** `hosts`: by default every one that no other stand-in answers for, since a receiver may be anywhere. */
  constructor({ nowMs, secrets, hosts = ['*'] }: StandInOptions & { secrets: readonly Buffer[]; hosts?: readonly string[] }) {
    this.#nowMs = nowMs;
    this.#secrets = secrets;
    this.hosts = hosts;
  }

  posts(): StandInPost[] {
    return [...this.#taken.values()];
  }

  refusal(status: number): StandInAnswer {
    return { status, headers: status === 429 ? { 'retry-after': '2' } : {}, body: { error: `refused with ${status}` } };
  }

  async handle(request: StandInRequest): Promise<StandInAnswer> {
    if (request.method !== 'POST') return { status: 405, headers: { allow: 'POST' }, body: { error: 'only POST' } };
    if (this.isClosed) return { status: 410, body: { error: 'gone' } };
    const type = request.headers['content-type'] ?? '';
    if (!type.startsWith('multipart/form-data')) return { status: 415, body: { error: 'multipart/form-data is expected' } };
    const chunks: Uint8Array[] = [];
    for await (const chunk of request.body()) chunks.push(chunk);
    const parts = await readParts(Buffer.concat(chunks), type);
    const [first, ...files] = parts ?? [];
    if (first?.name !== 'event') return { status: 400, body: { error: 'the part "event" comes first' } };
    const reason = verify(request.headers, first.bytes, this.#secrets, this.#nowMs());
    if (reason !== undefined) return { status: 401, body: { error: reason } };
    return this.#take(request, first.bytes, files);
  }

  #take(request: StandInRequest, payload: Buffer, files: readonly Part[]): StandInAnswer {
    const event = clipEvent.safeParse(parseJson(payload));
    if (!event.success) return { status: 400, body: { error: event.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') } };
    const { data } = event.data;
    const id = request.headers['webhook-id'] ?? '';
    if (id !== `${data.publication}-r${data.revision}`) return { status: 400, body: { error: 'webhook-id is not that of the publication' } };
    const wrong = wrongFile(data.files, files);
    if (wrong !== undefined) return { status: 422, body: { error: wrong } };
    const known = this.#taken.get(id);
    if (known) return { status: 200, body: { url: known.url, duplicate: true } };
    const url = new URL(`/clips/${this.#taken.size + 1}`, request.url).href;
    const video = data.files.find(({ part }) => part === 'video');
    const text = [data.title, data.description, data.hashtags.join(' ')].filter((part) => part !== '').join('\n\n');
    this.#taken.set(id, { id, account: request.url.href, url, text, videoSha256: video?.sha256 ?? '', visibility: 'public', publishAtMs: null, createdMs: this.#nowMs() });
    return { status: 201, body: { url } };
  }
}

/** A receiver that knows the secrets which an environment signs with. */
export function webhookStandInOf(environment: Readonly<Record<string, string | undefined>>, options: StandInOptions): WebhookStandIn {
  return new WebhookStandIn({ ...options, secrets: secretsOf(environment) });
}

interface Part {
  name: string;
  bytes: Buffer;
}

/** Undefined: the body is not what its type says. */
async function readParts(body: Uint8Array<ArrayBuffer>, contentType: string): Promise<Part[] | undefined> {
  try {
    const form = await new Response(body, { headers: { 'content-type': contentType } }).formData();
    const parts: Part[] = [];
    for (const [name, value] of form) parts.push({ name, bytes: typeof value === 'string' ? Buffer.from(value) : Buffer.from(await value.arrayBuffer()) });
    return parts;
  } catch {
    return undefined;
  }
}

function wrongFile(named: readonly { part: string; sha256: string; sizeBytes: number }[], sent: readonly Part[]): string | undefined {
  if (named.length !== sent.length) return 'the event names other files than were sent';
  if (!named.some(({ part }) => part === 'video')) return 'the event names no video';
  for (const [index, { part, sha256, sizeBytes }] of named.entries()) {
    const file = sent[index];
    if (file?.name !== part) return `the part "${part}" is missing or in another place`;
    if (file.bytes.length !== sizeBytes) return `the part "${part}" has ${file.bytes.length} bytes, not ${sizeBytes}`;
    if (createHash('sha256').update(file.bytes).digest('hex') !== sha256) return `the part "${part}" has another hash`;
  }
  return undefined;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
