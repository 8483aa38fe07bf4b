/** Bytes of a file, both ends in bytes, the second exclusive. */
export interface FileSlice {
  path: string;
  startByte: number;
  endByte: number;
}

/** A multipart/form-data part; of a file, only the slice is read. */
export interface FormPart {
  name: string;
  value: string | FileSlice;
  fileName?: string;
  contentType?: string;
}

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The platform's real address; where it leads is the transport's business (configurable hosts). */
  url: string;
  headers?: Readonly<Record<string, string>>;
  /** Text is sent as it is; a slice is streamed from the disk with its Content-Length; parts become multipart/form-data. */
  body?: string | FileSlice | { parts: readonly FormPart[] };
  /** Without an answer for this long after the last byte was sent, the reply counts as lost (default 60 s). */
  timeoutMs?: number;
  signal: AbortSignal;
  /** Bytes of the body sent so far. */
  sent?(bytes: number): void;
}

/** A whole answer. Redirects are answers like others: 308 is how resumable uploads say "go on". */
export interface HttpAnswer {
  status: number;
  /** Names in lower case; of repeated ones the last. */
  headers: Readonly<Record<string, string>>;
  text: string;
}

/** Sends one request, once. */
export interface HttpTransport {
  /** @throws {LostReply} no whole answer came */
  send(request: HttpRequest): Promise<HttpAnswer>;
}
