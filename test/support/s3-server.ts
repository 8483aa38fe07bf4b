import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignatureV4 } from '@smithy/signature-v4';
import { type S3Upload, uploadStep } from './s3-uploads.js';

export const s3Keys = { accessKeyId: 'test-key', secretAccessKey: 'test-secret' };
const region = 'us-east-1';

/** What goes wrong for a request of an object. */
export interface S3Fault {
  status?: number;
  code?: string;
  /** Seconds of a `retry-after` header that comes with the status. */
  retryAfter?: number;
  /** The connection breaks before or after a write has taken effect. */
  drop?: 'before' | 'after';
  cutAfter?: number;
  /** Falls silent after this many bytes. */
  stallAfter?: number;
  etag?: string;
}

export interface S3Server {
  endpoint: string;
  requests: string[];
  /** What it holds, by key. */
  objects: Map<string, Buffer>;
  /** When objects were written, milliseconds since the epoch on the store's clock. */
  modifiedMs: Map<string, number>;
  uploads: Map<string, S3Upload>;
  close(): Promise<void>;
}

export interface S3Options {
  /** By the number of the request of an object, or by what is asked. */
  faults?: readonly S3Fault[] | ((request: { method: string; key: string; count: number }) => S3Fault | undefined);
  /** `ignored`: writes over what is there though it was asked not to, as older stores do. `unknown`: answers 501. */
  conditions?: 'honoured' | 'ignored' | 'unknown';
  /** How far its clock is from this machine's. */
  aheadMs?: number;
  /** Most objects, or uploads, it names in one answer; default 2, so that clients must ask on. */
  pageSize?: number;
}

/**
 * An S3-compatible store on loopback, path-style: GetObject with ranges and conditions, PutObject with If-None-Match and checksums,
 * HeadObject, DeleteObject, ListObjectsV2 and uploads in parts. Every request must carry a Signature Version 4 that the test's secret gives for exactly this request, over the body that
 * came; others are answered 403 as AWS does.
 */
export async function startS3(given: Readonly<Record<string, Buffer>>, options: S3Options = {}): Promise<S3Server> {
  const { faults = [], conditions = 'honoured', aheadMs = 0, pageSize = 2 } = options;
  const objects = new Map(Object.entries(given));
  const modifiedMs = new Map<string, number>();
  const uploads = new Map<string, S3Upload>();
  const nowMs = (): number => Date.now() + aheadMs;
  const requests: string[] = [];
  /** Keys that are being written now: another conditional write of one is answered 409. */
  const beingWritten = new Set<string>();
  let objectRequests = 0;
  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
      const method = request.method ?? 'GET';
      requests.push(`${method} ${url.pathname}${request.headers.range === undefined ? '' : ` ${request.headers.range}`}`);
      response.setHeader('date', new Date(nowMs()).toUTCString());
      const fail = (status: number, code: string, retryAfter?: number): void => {
        response.writeHead(status, { 'content-type': 'application/xml', ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }) }).end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`);
      };
      const body = await bodyOf(request);
      const wrong = await signatureFault(request, url, body, nowMs());
      if (wrong) return fail(403, wrong);
      const [bucket = '', ...rest] = url.pathname.slice(1).split('/');
      if (bucket !== 'films') return fail(404, 'NoSuchBucket');
      const answer = (xml: string): void => void response.writeHead(200, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?>${xml}`);
      if (url.searchParams.get('list-type') === '2') return answer(listing({ objects, modifiedMs, pageSize }, url.searchParams));
      const key = decodeURIComponent(rest.join('/'));
      const fault = (typeof faults === 'function' ? faults({ method, key, count: objectRequests }) : faults[objectRequests]) ?? {};
      objectRequests += 1;
      if (fault.status !== undefined) return fail(fault.status, fault.code ?? 'InternalError', fault.retryAfter);
      if (fault.drop === 'before') return void request.socket.destroy();
      const parts = uploadStep({ uploads, nowMs, pageSize }, { method, key, query: url.searchParams, body });
      if (parts?.fail) return fail(...parts.fail);
      if (parts?.xml !== undefined) return answer(parts.xml);
      if (parts?.etag !== undefined) return void response.writeHead(200, { etag: parts.etag }).end();
      if (parts?.removed) return void response.writeHead(204).end();
      if (method === 'GET' || method === 'HEAD') return send({ objects, modifiedMs }, key, fault, request, response, fail);
      if (method === 'DELETE') {
        objects.delete(key);
        modifiedMs.delete(key);
        return void response.writeHead(204).end();
      }
      const whole = parts?.whole ?? body;
      const checksum = request.headers['x-amz-checksum-sha256'];
      if (checksum !== undefined && checksum !== createHash('sha256').update(whole).digest('base64')) return fail(400, 'BadDigest');
      const condition = request.headers['if-none-match'];
      if (condition !== undefined && conditions === 'unknown') return fail(501, 'NotImplemented');
      if (condition === '*' && conditions === 'honoured') {
        if (beingWritten.has(key)) return fail(409, 'ConditionalRequestConflict');
        if (objects.has(key)) return fail(412, 'PreconditionFailed');
        beingWritten.add(key);
        // Others come in between.
        await new Promise((resolve) => setImmediate(resolve));
        beingWritten.delete(key);
      }
      objects.set(key, whole);
      modifiedMs.set(key, nowMs());
      if (parts?.finished !== undefined) uploads.delete(parts.finished);
      if (fault.drop === 'after') return void request.socket.destroy();
      if (parts) return answer(`<CompleteMultipartUploadResult><Key>${key}</Key><ETag>${etagOf(whole)}</ETag></CompleteMultipartUploadResult>`);
      response.writeHead(200, { etag: etagOf(whole) }).end();
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    objects,
    modifiedMs,
    uploads,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function send({ objects, modifiedMs }: { objects: ReadonlyMap<string, Buffer>; modifiedMs: ReadonlyMap<string, number> }, key: string, fault: S3Fault, request: IncomingMessage, response: ServerResponse, fail: (status: number, code: string) => void): void {
  const bytes = objects.get(key);
  if (!bytes) return fail(404, 'NoSuchKey');
  const etag = fault.etag ?? etagOf(bytes);
  const { 'if-match': match, 'if-none-match': none, range } = request.headers;
  if (match !== undefined && match !== etag) return fail(412, 'PreconditionFailed');
  if (none === etag) return void response.writeHead(304, { etag }).end();
  if (request.method === 'HEAD') {
    const checksum = request.headers['x-amz-checksum-mode'] === 'ENABLED' ? { 'x-amz-checksum-sha256': createHash('sha256').update(bytes).digest('base64') } : {};
    return void response.writeHead(200, { etag, 'content-length': bytes.length, 'last-modified': new Date(modifiedMs.get(key) ?? 0).toUTCString(), ...checksum }).end();
  }
  if (bytes.length === 0) return void response.writeHead(200, { etag, 'content-length': 0 }).end();
  const start = range === undefined ? 0 : Number(/^bytes=(\d+)-$/.exec(range)?.[1] ?? Number.NaN);
  if (!(start < bytes.length)) return fail(416, 'InvalidRange');
  response.writeHead(start > 0 ? 206 : 200, { etag, 'content-type': 'video/mp4', 'content-length': bytes.length - start, 'last-modified': new Date(0).toUTCString(), ...(start > 0 ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}) });
  const most = fault.cutAfter ?? fault.stallAfter;
  response.write(bytes.subarray(start, most === undefined ? undefined : start + most));
  if (fault.stallAfter !== undefined) return;
  if (fault.cutAfter === undefined) response.end();
  else setTimeout(() => response.destroy(), 50);
}

function etagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The hash in the form the signer wants. */
class Sha256 {
  readonly #hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', typeof secret === 'string' ? secret : Buffer.from(secret as Uint8Array));
  }

  update(data: Uint8Array | string): void {
    this.#hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }

  reset(): void {}
}

/** Signs the request anew with the true secret and compares. */
async function signatureFault(request: IncomingMessage, url: URL, body: Buffer, nowMs: number): Promise<string | undefined> {
  const said = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(request.headers.authorization ?? '');
  if (!said) return 'AccessDenied';
  const [, keyId, , signedRegion = '', names = '', signature = ''] = said;
  if (keyId !== s3Keys.accessKeyId) return 'InvalidAccessKeyId';
  if (request.headers['x-amz-content-sha256'] !== createHash('sha256').update(body).digest('hex')) return 'XAmzContentSHA256Mismatch';
  const stamp = String(request.headers['x-amz-date']);
  const date = new Date(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(Math.abs(date.getTime() - nowMs) < 15 * 60_000)) return 'RequestTimeTooSkewed';
  const headers = Object.fromEntries(names.split(';').map((name) => [name, String(request.headers[name])]));
  const signer = new SignatureV4({ credentials: s3Keys, region: signedRegion, service: 's3', sha256: Sha256, uriEscapePath: false });
  const query = Object.fromEntries(url.searchParams);
  const again = await signer.sign({ method: request.method ?? 'GET', protocol: 'http:', hostname: url.hostname, path: url.pathname, query, headers }, { signingDate: date, signableHeaders: new Set(names.split(';')) });
  const made = /Signature=([0-9a-f]{64})/.exec(String(again.headers['authorization']))?.[1];
  return made === signature && signedRegion === region ? undefined : 'SignatureDoesNotMatch';
}

function listing(held: { objects: ReadonlyMap<string, Buffer>; modifiedMs: ReadonlyMap<string, number>; pageSize: number }, query: URLSearchParams): string {
  const { objects, modifiedMs, pageSize } = held;
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
  const inFolder = (key: string): boolean => query.get('delimiter') !== '/' || !key.slice(prefix.length).includes('/');
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && inFolder(key) && key > after).toSorted((a, b) => (a < b ? -1 : 1));
  const page = keys.slice(0, pageSize);
  const more = keys.length > page.length;
  const described = page.map((key) => `<Contents><Key>${key}</Key><Size>${objects.get(key)?.length}</Size><LastModified>${new Date(modifiedMs.get(key) ?? 0).toISOString()}</LastModified></Contents>`);
  return `<ListBucketResult><Name>films</Name><Prefix>${prefix}</Prefix><KeyCount>${page.length}</KeyCount><IsTruncated>${more}</IsTruncated>${more ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : ''}${described.join('')}</ListBucketResult>`;
}
