import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignatureV4 } from '@smithy/signature-v4';

export const s3Keys = { accessKeyId: 'test-key', secretAccessKey: 'test-secret' };
const region = 'us-east-1';

/** What goes wrong for a request of an object. */
export interface S3Fault {
  status?: number;
  code?: string;
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
  close(): Promise<void>;
}

export interface S3Options {
  /** By the number of the request of an object, or by what is asked. */
  faults?: readonly S3Fault[] | ((request: { method: string; key: string; count: number }) => S3Fault | undefined);
  /** `ignored`: writes over what is there though it was asked not to, as older stores do. `unknown`: answers 501. */
  conditions?: 'honoured' | 'ignored' | 'unknown';
}

/**
 * An S3-compatible store on loopback, path-style: GetObject with ranges and conditions, PutObject with If-None-Match, DeleteObject and
 * ListObjectsV2. Every request must carry a Signature Version 4 that the test's secret gives for exactly this request, over the body that
 * came; others are answered 403 as AWS does.
 */
export async function startS3(given: Readonly<Record<string, Buffer>>, options: S3Options = {}): Promise<S3Server> {
  const { faults = [], conditions = 'honoured' } = options;
  const objects = new Map(Object.entries(given));
  const requests: string[] = [];
  /** Keys that are being written now: another conditional write of one is answered 409. */
  const beingWritten = new Set<string>();
  let objectRequests = 0;
  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
      const method = request.method ?? 'GET';
      requests.push(`${method} ${url.pathname}${request.headers.range === undefined ? '' : ` ${request.headers.range}`}`);
      const fail = (status: number, code: string): void => {
        response.writeHead(status, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`);
      };
      const body = await bodyOf(request);
      const wrong = await signatureFault(request, url, body);
      if (wrong) return fail(403, wrong);
      const [bucket = '', ...rest] = url.pathname.slice(1).split('/');
      if (bucket !== 'films') return fail(404, 'NoSuchBucket');
      if (url.searchParams.get('list-type') === '2') return void response.writeHead(200, { 'content-type': 'application/xml' }).end(listing(objects, url.searchParams));
      const key = decodeURIComponent(rest.join('/'));
      const fault = (typeof faults === 'function' ? faults({ method, key, count: objectRequests }) : faults[objectRequests]) ?? {};
      objectRequests += 1;
      if (fault.status !== undefined) return fail(fault.status, fault.code ?? 'InternalError');
      if (fault.drop === 'before') return void request.socket.destroy();
      if (method === 'GET') return send(objects, key, fault, request, response, fail);
      if (method === 'DELETE') {
        objects.delete(key);
        return void response.writeHead(204).end();
      }
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
      objects.set(key, body);
      if (fault.drop === 'after') return void request.socket.destroy();
      response.writeHead(200, { etag: etagOf(body) }).end();
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    objects,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function send(objects: ReadonlyMap<string, Buffer>, key: string, fault: S3Fault, request: IncomingMessage, response: ServerResponse, fail: (status: number, code: string) => void): void {
  const bytes = objects.get(key);
  if (!bytes) return fail(404, 'NoSuchKey');
  const etag = fault.etag ?? etagOf(bytes);
  const { 'if-match': match, 'if-none-match': none, range } = request.headers;
  if (match !== undefined && match !== etag) return fail(412, 'PreconditionFailed');
  if (none === etag) return void response.writeHead(304, { etag }).end();
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
async function signatureFault(request: IncomingMessage, url: URL, body: Buffer): Promise<string | undefined> {
  const said = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(request.headers.authorization ?? '');
  if (!said) return 'AccessDenied';
  const [, keyId, , signedRegion = '', names = '', signature = ''] = said;
  if (keyId !== s3Keys.accessKeyId) return 'InvalidAccessKeyId';
  if (request.headers['x-amz-content-sha256'] !== createHash('sha256').update(body).digest('hex')) return 'XAmzContentSHA256Mismatch';
  const stamp = String(request.headers['x-amz-date']);
  const date = new Date(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(Math.abs(date.getTime() - Date.now()) < 15 * 60_000)) return 'RequestTimeTooSkewed';
  const headers = Object.fromEntries(names.split(';').map((name) => [name, String(request.headers[name])]));
  const signer = new SignatureV4({ credentials: s3Keys, region: signedRegion, service: 's3', sha256: Sha256, uriEscapePath: false });
  const query = Object.fromEntries(url.searchParams);
  const again = await signer.sign({ method: request.method ?? 'GET', protocol: 'http:', hostname: url.hostname, path: url.pathname, query, headers }, { signingDate: date, signableHeaders: new Set(names.split(';')) });
  const made = /Signature=([0-9a-f]{64})/.exec(String(again.headers['authorization']))?.[1];
  return made === signature && signedRegion === region ? undefined : 'SignatureDoesNotMatch';
}

function listing(objects: ReadonlyMap<string, Buffer>, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
  const inFolder = (key: string): boolean => query.get('delimiter') !== '/' || !key.slice(prefix.length).includes('/');
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && inFolder(key) && key > after).toSorted((a, b) => (a < b ? -1 : 1));
  // Two a page: clients must ask on.
  const page = keys.slice(0, 2);
  const more = keys.length > page.length;
  return `<?xml version="1.0"?><ListBucketResult><Name>films</Name><Prefix>${prefix}</Prefix><KeyCount>${page.length}</KeyCount><IsTruncated>${more}</IsTruncated>${more ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : ''}${page.map((key) => `<Contents><Key>${key}</Key><Size>${objects.get(key)?.length}</Size></Contents>`).join('')}</ListBucketResult>`;
}
