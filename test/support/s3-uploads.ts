import { createHash } from 'node:crypto';

/** An upload in parts that has begun. */
export interface S3Upload {
  key: string;
  initiatedMs: number;
  parts: Map<number, Buffer>;
}

interface Step {
  method: string;
  key: string;
  query: URLSearchParams;
  body: Buffer;
}

type Answer = { fail?: [status: number, code: string]; xml?: string; etag?: string; removed?: true; /** To be written like an object that came at once. */ whole?: Buffer; finished?: string };

const leastPartBytes = 5 * 1024 * 1024;

/** A request of an upload in parts, as S3 answers it; undefined: it is none. */
export function uploadStep({ uploads, nowMs, pageSize }: { uploads: Map<string, S3Upload>; nowMs: () => number; pageSize: number }, { method, key, query, body }: Step): Answer | undefined {
  if (query.has('uploads')) return method === 'POST' ? { xml: begun(uploads, key, nowMs()) } : { xml: list(uploads, query, pageSize) };
  const id = query.get('uploadId');
  if (id === null) return undefined;
  const upload = uploads.get(id);
  if (!upload || upload.key !== key) return { fail: [404, 'NoSuchUpload'] };
  if (method === 'GET') return { xml: `<ListPartsResult><IsTruncated>false</IsTruncated>${[...upload.parts].map(([number, part]) => `<Part><PartNumber>${number}</PartNumber><Size>${part.length}</Size></Part>`).join('')}</ListPartsResult>` };
  if (method === 'DELETE') {
    uploads.delete(id);
    return { removed: true };
  }
  if (method === 'PUT') {
    upload.parts.set(Number(query.get('partNumber')), body);
    return { etag: tagOf(body) };
  }
  const named = [...body.toString().matchAll(/<Part>.*?<\/Part>/gs)].map(([part]) => ({ number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]), tag: /<ETag>(?:"|&quot;)?([0-9a-f]+)/.exec(part)?.[1] }));
  const parts = named.map(({ number, tag }) => {
    const part = upload.parts.get(number);
    return part && tagOf(part) === `"${tag}"` ? part : undefined;
  });
  if (named.length === 0 || parts.includes(undefined)) return { fail: [400, 'InvalidPart'] };
  const whole = parts as Buffer[];
  if (whole.slice(0, -1).some((part) => part.length < leastPartBytes)) return { fail: [400, 'EntityTooSmall'] };
  return { whole: Buffer.concat(whole), finished: id };
}

function begun(uploads: Map<string, S3Upload>, key: string, initiatedMs: number): string {
  const id = `upload-${uploads.size + 1}-${createHash('md5').update(`${key}${initiatedMs}${Math.random()}`).digest('hex')}`;
  uploads.set(id, { key, initiatedMs, parts: new Map() });
  return `<InitiateMultipartUploadResult><Bucket>films</Bucket><Key>${key}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`;
}

function list(uploads: ReadonlyMap<string, S3Upload>, query: URLSearchParams, pageSize: number): string {
  const after = `${query.get('key-marker') ?? ''} ${query.get('upload-id-marker') ?? ''}`;
  const all = [...uploads]
    .filter(([id, { key }]) => key.startsWith(query.get('prefix') ?? '') && (after === ' ' || `${key} ${id}` > after))
    .toSorted(([a, { key: keyA }], [b, { key: keyB }]) => (`${keyA} ${a}` < `${keyB} ${b}` ? -1 : 1));
  const page = all.slice(0, pageSize);
  const last = page.at(-1);
  const more = all.length > page.length && last ? `<NextKeyMarker>${last[1].key}</NextKeyMarker><NextUploadIdMarker>${last[0]}</NextUploadIdMarker>` : '';
  return `<ListMultipartUploadsResult><IsTruncated>${more !== ''}</IsTruncated>${more}${page.map(([id, { key, initiatedMs }]) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${new Date(initiatedMs).toISOString()}</Initiated></Upload>`).join('')}</ListMultipartUploadsResult>`;
}

function tagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}
