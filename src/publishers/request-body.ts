import { createReadStream } from 'node:fs';
import { randomBytes } from 'node:crypto';
import type { FileSlice, FormPart, HttpRequest } from './http.js';

/** A request's body as bytes: how many, and where they come from. Files are read as they are sent. */
export interface BodyBytes {
  sizeBytes: number;
  /** Set when the body itself decides it. */
  contentType: string | undefined;
  read(): AsyncIterable<Uint8Array>;
}

/** Lays out a body. Undefined: there is none. */
export function bodyBytes(body: HttpRequest['body']): BodyBytes | undefined {
  if (body === undefined) return undefined;
  if (typeof body === 'string') {
    const bytes = Buffer.from(body);
    return { sizeBytes: bytes.length, contentType: undefined, read: () => just(bytes) };
  }
  if ('parts' in body) return formBytes(body.parts);
  return { sizeBytes: body.endByte - body.startByte, contentType: undefined, read: () => slice(body) };
}

function formBytes(parts: readonly FormPart[]): BodyBytes {
  const boundary = `snvg-${randomBytes(16).toString('hex')}`;
  const pieces: (Uint8Array | FileSlice)[] = [];
  for (const part of parts) {
    pieces.push(Buffer.from(`--${boundary}\r\n${partHead(part)}\r\n\r\n`));
    pieces.push(typeof part.value === 'string' ? Buffer.from(part.value) : part.value, Buffer.from('\r\n'));
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return {
    sizeBytes: pieces.reduce((sum, piece) => sum + (piece instanceof Uint8Array ? piece.length : piece.endByte - piece.startByte), 0),
    contentType: `multipart/form-data; boundary=${boundary}`,
    read: async function* () {
      for (const piece of pieces) yield* piece instanceof Uint8Array ? just(piece) : slice(piece);
    },
  };
}

/** As the URL standard's multipart encoding does: quotes and line ends percent-encoded. */
function quoted(text: string): string {
  return text.replace(/[\r\n"]/g, (character) => encodeURIComponent(character));
}

function partHead({ name, fileName, contentType }: FormPart): string {
  const file = fileName === undefined ? '' : `; filename="${quoted(fileName)}"`;
  return `Content-Disposition: form-data; name="${quoted(name)}"${file}${contentType === undefined ? '' : `\r\nContent-Type: ${contentType}`}`;
}

async function* just(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

async function* slice({ path, startByte, endByte }: FileSlice): AsyncIterable<Uint8Array> {
  if (endByte <= startByte) return;
  yield* createReadStream(path, { start: startByte, end: endByte - 1 }) as AsyncIterable<Uint8Array>;
}
