import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignatureV4 } from '@smithy/signature-v4';

export const s3Keys = { accessKeyId: 'test-key', secretAccessKey: 'test-secret' };
const region = 'us-east-1';

/** What goes wrong for the n-th request of an object. */
export interface S3Fault {
  status?: number;
  code?: string;
  cutAfter?: number;
  /** Falls silent after this many bytes. */
  stallAfter?: number;
  etag?: string;
}

export interface S3Server {
  endpoint: string;
  requests: string[];
  close(): Promise<void>;
}

/**
 * An S3-compatible store on loopback: GetObject with ranges and conditions, and ListObjectsV2, path-style. Every request must carry a
 * Signature Version 4 that the test's secret gives for exactly this request; others are answered 403 as AWS does.
 */
export async function startS3(objects: Readonly<Record<string, Buffer>>, faults: readonly S3Fault[] = []): Promise<S3Server> {
  const requests: string[] = [];
  let objectRequests = 0;
  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
      requests.push(`${request.method} ${url.pathname}${request.headers.range === undefined ? '' : ` ${request.headers.range}`}`);
      const fail = (status: number, code: string): void => {
        response.writeHead(status, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`);
      };
      const wrong = await signatureFault(request, url);
      if (wrong) return fail(403, wrong);
      const [bucket = '', ...rest] = url.pathname.slice(1).split('/');
      if (bucket !== 'films') return fail(404, 'NoSuchBucket');
      if (url.searchParams.get('list-type') === '2') return void response.writeHead(200, { 'content-type': 'application/xml' }).end(listing(objects, url.searchParams));
      const fault = faults[objectRequests] ?? {};
      objectRequests += 1;
      if (fault.status !== undefined) return fail(fault.status, fault.code ?? 'InternalError');
      const key = decodeURIComponent(rest.join('/'));
      const bytes = objects[key];
      if (!bytes) return fail(404, 'NoSuchKey');
      const etag = fault.etag ?? `"${createHash('md5').update(bytes).digest('hex')}"`;
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
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
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
async function signatureFault(request: IncomingMessage, url: URL): Promise<string | undefined> {
  const said = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(request.headers.authorization ?? '');
  if (!said) return 'AccessDenied';
  const [, keyId, , signedRegion = '', names = '', signature = ''] = said;
  if (keyId !== s3Keys.accessKeyId) return 'InvalidAccessKeyId';
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

function listing(objects: Readonly<Record<string, Buffer>>, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token') ?? '';
  const keys = Object.keys(objects).filter((key) => key.startsWith(prefix) && !key.slice(prefix.length).includes('/') && key > after).toSorted();
  // Two a page: clients must ask on.
  const page = keys.slice(0, 2);
  const more = keys.length > page.length;
  return `<?xml version="1.0"?><ListBucketResult><Name>films</Name><Prefix>${prefix}</Prefix><KeyCount>${page.length}</KeyCount><IsTruncated>${more}</IsTruncated>${more ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : ''}${page.map((key) => `<Contents><Key>${key}</Key><Size>${objects[key]!.length}</Size></Contents>`).join('')}</ListBucketResult>`;
}
