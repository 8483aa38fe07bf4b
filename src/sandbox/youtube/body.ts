import type { ZodType } from 'zod';
import type { StandInRequest } from '../stand-in.js';
import { refuse } from './answers.js';

const maxJsonBytes = 1024 * 1024;

/** The whole body, up to so many bytes. */
export async function wholeBody(request: StandInRequest, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body()) {
    bytes += chunk.length;
    if (bytes > maxBytes) refuse(413, 'uploadTooLarge', 'The request entity is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Reads a body to its end and forgets it. */
export async function drain(request: StandInRequest): Promise<void> {
  const bytes = request.body()[Symbol.asyncIterator]();
  while ((await bytes.next()).done !== true);
}

/** Parses a JSON body as Google does: what a message has no field for is refused. */
export async function jsonBody<T>(request: StandInRequest, resource: string, schema: ZodType<T>): Promise<T> {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) refuse(400, 'badRequest', 'The content type of the body must be application/json.');
  return readJson((await wholeBody(request, maxJsonBytes)).toString('utf8'), resource, schema);
}

export function readJson<T>(text: string, resource: string, schema: ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse(400, 'parseError', 'Parse Error');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = [resource, ...(issue?.path ?? []).map(String)].join('.');
  if (issue?.code === 'unrecognized_keys') return refuse(400, 'badRequest', `Invalid JSON payload received. Unknown name "${issue.keys[0]}" at '${place}': Cannot find field.`);
  return refuse(400, 'badRequest', `Invalid value at '${place}'`);
}

/** The two parts of Google's multipart upload: a JSON text and a file. */
export async function relatedBody(request: StandInRequest, maxBytes: number): Promise<{ json: string; file: Buffer; fileType: string }> {
  const boundary = /^multipart\/related;\s*boundary="?([^";]+)"?/i.exec(request.headers['content-type'] ?? '')?.[1];
  if (boundary === undefined) return refuse(400, 'badContent', 'Multipart must use multipart/related with a boundary.');
  const body = await wholeBody(request, maxBytes);
  const pieces = split(body, Buffer.from(`--${boundary}`));
  const [first, second] = pieces.slice(1, 3).map(readPart);
  if (pieces.length !== 4 || !first || !second) return refuse(400, 'badContent', 'Multipart must have exactly two parts.');
  if (!/^application\/json\b/i.test(first.type)) return refuse(400, 'badContent', 'The first part must be the metadata as JSON.');
  return { json: first.content.toString('utf8'), file: second.content, fileType: second.type };
}

function split(bytes: Buffer, mark: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  let from = 0;
  for (;;) {
    const at = bytes.indexOf(mark, from);
    if (at === -1) break;
    pieces.push(bytes.subarray(from, at));
    from = at + mark.length;
  }
  return [...pieces, bytes.subarray(from)];
}

function readPart(piece: Buffer): { type: string; content: Buffer } | undefined {
  const headEnd = piece.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const type = /^content-type:\s*(.+)$/im.exec(piece.subarray(0, headEnd).toString('latin1'))?.[1] ?? '';
  // The line end in front of the next boundary belongs to the boundary.
  return { type, content: piece.subarray(headEnd + 4, piece.length - 2) };
}
