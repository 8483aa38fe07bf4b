import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { SnvgError } from '../errors.js';
import { LostReply } from './faults.js';
import { hostResolver, type HostMap } from './hosts.js';
import type { HttpAnswer, HttpRequest, HttpTransport } from './http.js';
import { type BodyBytes, bodyBytes } from './request-body.js';

/** Answers of the platforms' interfaces are some kilobytes; what is larger is not theirs. */
const maxAnswerBytes = 4 * 1024 * 1024;
const defaultTimeoutMs = 60_000;
/**
 * Connections that rested longer are not used again: a server that closes one just when a request sets out on it leaves open whether
 * the request was seen. Servers keep them for 5 seconds (Node's default) and more.
 */
const restMs = 3_000;

export interface SendOptions {
  /** Hosts that are reached elsewhere. */
  hosts?: HostMap;
  /** No silence is waited for longer, whatever a request says: for rehearsals whose clock runs faster. */
  longestTimeoutMs?: number;
}

/** The way to the platforms. `close` ends the connections that are kept open between requests. */
export interface OpenTransport extends HttpTransport {
  close(): void;
}

/**
 * Sends requests over the network: once each, without following redirects and without a proxy, bodies streamed with their exact
 * Content-Length. An answer that comes before the body was sent whole ends the sending and is the answer.
 * @throws {SnvgError} CONFIG_INVALID for a bad host map
 */
export function openTransport(options: SendOptions = {}): OpenTransport {
  const resolve = hostResolver(options.hosts ?? {});
  const plain = new HttpAgent({ keepAlive: true, timeout: restMs });
  const encrypted = new HttpsAgent({ keepAlive: true, timeout: restMs });
  return {
    async send(request) {
      request.signal.throwIfAborted();
      const host = new URL(request.url).host;
      const url = resolve(request.url);
      const body = bodyBytes(request.body);
      const settings = { method: request.method, headers: headersOf(request, body) };
      const client = url.protocol === 'http:' ? httpRequest(url, { ...settings, agent: plain }) : httpsRequest(url, { ...settings, agent: encrypted });
      const timeoutMs = Math.min(request.timeoutMs ?? defaultTimeoutMs, options.longestTimeoutMs ?? Infinity);
      return new Exchange({ ...request, timeoutMs }, client, host, body).answer();
    },
    close() {
      plain.destroy();
      encrypted.destroy();
    },
  };
}

function headersOf(request: HttpRequest, body: BodyBytes | undefined): Record<string, string> {
  const given = Object.fromEntries(Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    'user-agent': 'snvg',
    ...(body?.contentType === undefined ? {} : { 'content-type': body.contentType }),
    ...given,
    ...(body || request.method !== 'GET' ? { 'content-length': String(body?.sizeBytes ?? 0) } : {}),
  };
}

/** One request on its way. */
class Exchange {
  readonly #request: HttpRequest & { timeoutMs: number };
  readonly #client: ClientRequest;
  readonly #host: string;
  readonly #body: BodyBytes | undefined;
  /** The peer is there and is who it says; nothing is written before. */
  #connected = false;
  #response: IncomingMessage | undefined;
  #over = false;
  #silence: NodeJS.Timeout | undefined;
  #settle: { done(answer: HttpAnswer): void; fail(error: unknown): void } = { done: () => {}, fail: () => {} };
  /** Lets a writer that waits for room go on. */
  #wake: () => void = () => {};

  constructor(request: HttpRequest & { timeoutMs: number }, client: ClientRequest, host: string, body: BodyBytes | undefined) {
    this.#request = request;
    this.#client = client;
    this.#host = host;
    this.#body = body;
  }

  answer(): Promise<HttpAnswer> {
    return new Promise((done, fail) => {
      this.#settle = { done, fail };
      this.#request.signal.addEventListener('abort', this.#abort, { once: true });
      this.#listen();
      this.#client.on('socket', (socket) => this.#whenConnected(socket));
      this.#client.on('response', (response) => this.#read(response));
      this.#client.on('error', (error) => this.#broken(error));
      this.#client.on('close', () => this.#broken(undefined));
    });
  }

  #abort = (): void => this.#end(() => this.#settle.fail(this.#request.signal.reason));

  #whenConnected(socket: Socket): void {
    const start = (): void => {
      this.#connected = true;
      this.#listen();
      this.#write().catch((error: unknown) => this.#end(() => this.#settle.fail(unreadable(error))));
    };
    if (this.#client.reusedSocket || !socket.connecting) start();
    else socket.once(this.#client.protocol === 'https:' ? 'secureConnect' : 'connect', start);
  }

  async #write(): Promise<void> {
    let sentBytes = 0;
    for await (const chunk of this.#body?.read() ?? []) {
      // A look at what has arrived before each write: a server that refuses early closes, and writing to it then loses its answer.
      await new Promise(setImmediate);
      if (this.#over || this.#response) return;
      if (!this.#client.write(chunk)) await this.#room();
      if (this.#over || this.#response) return;
      this.#listen();
      sentBytes += chunk.length;
      this.#request.sent?.(sentBytes);
    }
    if (sentBytes !== (this.#body?.sizeBytes ?? 0)) throw new SnvgError('MEDIA_TRUNCATED', `A file became shorter while it was sent to ${this.#host}: ${sentBytes} of ${this.#body?.sizeBytes} bytes were left`, 'Render the clip again (snvg process), then publish.');
    this.#client.end();
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#client.once('drain', resolve);
    });
  }

  #read(response: IncomingMessage): void {
    this.#response = response;
    this.#wake();
    this.#listen();
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    response.on('data', (chunk: Buffer) => {
      this.#listen();
      sizeBytes += chunk.length;
      chunks.push(chunk);
      if (sizeBytes > maxAnswerBytes) this.#lost(`${this.#host} answered with more than ${maxAnswerBytes / 1024 / 1024} MB, which is not read`);
    });
    response.on('error', (error) => this.#broken(error));
    response.on('end', () => {
      const expected = response.headers['content-length'];
      if (!response.complete || (expected !== undefined && Number(expected) !== sizeBytes)) return this.#lost(`the answer of ${this.#host} breaks off after ${sizeBytes} bytes`);
      const encoding = response.headers['content-encoding'] ?? 'identity';
      if (encoding !== 'identity') return this.#lost(`${this.#host} answered in an encoding that was not asked for (${encoding})`);
      const status = response.statusCode ?? 0;
      this.#end(() => this.#settle.done({ status, headers: lastOfEach(response.rawHeaders), text: Buffer.concat(chunks).toString('utf8') }));
    });
  }

  #broken(error: Error | undefined): void {
    // A server may close as soon as it has answered: the answer counts, and its end is still to be read.
    if (this.#response?.complete) return;
    if (this.#response) return this.#lost(`the connection to ${this.#host} broke within its answer${why(error)}`, error);
    if (this.#connected) return this.#lost(`the connection to ${this.#host} broke before its answer${why(error)}`, error);
    this.#lost(unreached(this.#host, error), error);
  }

  /** (Re)starts the time after which silence counts as a lost reply. */
  #listen(): void {
    clearTimeout(this.#silence);
    const { timeoutMs } = this.#request;
    this.#silence = setTimeout(() => this.#lost(`${this.#host} ${this.#connected ? 'was silent' : 'could not be reached'} for ${timeoutMs / 1000} s`), timeoutMs);
  }

  #lost(message: string, cause?: unknown): void {
    this.#end(() => this.#settle.fail(new LostReply(message, { unreached: !this.#connected, cause })));
  }

  #end(settle: () => void): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#silence);
    this.#request.signal.removeEventListener('abort', this.#abort);
    // A connection with half a request in it is of no use to the next one; a whole exchange leaves it to the agent.
    if (!this.#client.writableFinished || !this.#response?.complete) this.#client.destroy();
    this.#wake();
    settle();
  }
}

function lastOfEach(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index + 1 < raw.length; index += 2) headers[raw[index]?.toLowerCase() ?? ''] = raw[index + 1] ?? '';
  return headers;
}

function why(error: Error | undefined): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === undefined ? '' : ` (${code})`;
}

/** What goes wrong while reading the clip's files is not the platform's doing. */
function unreadable(error: unknown): unknown {
  const { code, path } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT' && code !== 'EACCES' && code !== 'EISDIR') return error;
  return new SnvgError('MEDIA_MISSING', `${path} cannot be read (${code})`, 'Put it back, or render the clip again (snvg process), then publish.', { cause: error });
}

/** Why no connection came about, and what helps. */
function unreached(host: string, error: Error | undefined): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name ${host} cannot be resolved (${code}): is this machine online?`;
    case 'ECONNREFUSED':
      return `nobody listens at ${host} (${code})`;
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return `the certificate of ${host} is not valid today (${code}): check this machine's clock`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `${host} shows the certificate of another host (${code}): something between here and there answers in its place`;
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return `the certificate of ${host} is signed by nobody this machine trusts (${code}): if your network inspects connections, name its certificate in NODE_EXTRA_CA_CERTS`;
    default:
      return code === 'EPROTO' || code.startsWith('ERR_SSL_') ? `no encrypted connection to ${host} (${code}): does something else listen there?` : `${host} cannot be reached${why(error)}`;
  }
}
