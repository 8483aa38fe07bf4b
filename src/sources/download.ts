import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { commitFile, explainWriteError } from '../artifacts/atomic-file.js';
import { SnvgError } from '../errors.js';
import { DownloadFolder, isKnown, isSameVersion } from './download-folder.js';
import { safeFileName } from './file-name.js';
import { NotMedia, type RemoteBody, type RemoteObject, Retryable } from './remote-object.js';
import type { FetchContext, LocalInput } from './source.js';
import { folderNameOf } from './url-input.js';

/** Attempts in a row that brought nothing new. */
const mostVainAttempts = 6;
/** When nobody is there to be asked. */
const mostVainCalls = 3;
/** When an earlier copy is there to be used. */
const mostVainQuestions = 2;
const waits = { firstMs: 400, mostMs: 20_000 } as const;
/** An attempt that brought this much was not in vain. */
const someBytes = 256 * 1024;
/** Kept free beside a download. */
const spareBytes = 64 * 2 ** 20;

export interface DownloadRequest {
  /** The input's identity: which folder it has. */
  given: string;
  /** Used when the other side gives no name. */
  name: string;
  object: RemoteObject;
  /** Looks at an answer before its bytes are taken. @throws {SnvgError} when it is not what was wanted */
  accept(body: RemoteBody): void;
}

/**
 * Downloads an object once: a finished copy that is still the present version is taken as it is, an interrupted one is continued, and no
 * file is ever put together from two versions. Bytes go to a part file that nobody takes for the film; it is renamed when it is whole.
 *
 * @throws {SnvgError} SOURCE_TOO_LARGE, REMOTE_UNAVAILABLE, DISK_FULL; what `object.open` and `accept` throw
 */
export async function download(request: DownloadRequest, context: FetchContext): Promise<LocalInput> {
  const key = folderNameOf(request.given);
  return context.exclusive(key, async () => {
    const folder = new DownloadFolder(join(context.downloadsDir, key));
    await folder.make().catch((error: unknown) => {
      throw explainWriteError(error, folder.dir);
    });
    if (context.fresh) await folder.dropPart();
    try {
      return await new Download(request, context, folder).run();
    } finally {
      await folder.removeIfEmpty();
    }
  });
}

class Download {
  readonly #request: DownloadRequest;
  readonly #context: FetchContext;
  readonly #folder: DownloadFolder;

  constructor(request: DownloadRequest, context: FetchContext, folder: DownloadFolder) {
    this.#request = request;
    this.#context = context;
    this.#folder = folder;
  }

  async run(): Promise<LocalInput> {
    // An earlier copy stays until there is another in its place.
    const finished = this.#context.fresh ? undefined : await this.#folder.finished();
    let vain = 0;
    for (;;) {
      const before = (await this.#folder.part())?.bytes ?? 0;
      try {
        return await this.#attempt(finished);
      } catch (error) {
        this.#context.signal.throwIfAborted();
        if (finished && isRefusal(error)) return this.#useCopy(finished, error.message);
        if (!(error instanceof Retryable)) throw error;
        const gained = ((await this.#folder.part())?.bytes ?? 0) - before;
        vain = gained >= someBytes ? 0 : vain + 1;
        if (vain >= (finished ? mostVainQuestions : error.unreached ? mostVainCalls : mostVainAttempts)) return this.#giveUp(finished, error);
        const backoffMs = Math.min(waits.mostMs, waits.firstMs * 2 ** vain * (0.5 + Math.random()));
        await sleep(Math.max(backoffMs, error.afterMs), undefined, { signal: this.#context.signal }).catch(() => this.#context.signal.throwIfAborted());
      }
    }
  }

  #giveUp(finished: Finished | undefined, error: Retryable): LocalInput {
    if (finished) return this.#useCopy(finished, error.message);
    throw new SnvgError('REMOTE_UNAVAILABLE', `${this.#request.object.name} could not be downloaded: ${error.message}`, 'Run again later: what has come is kept and continued.', { cause: error });
  }

  /** What was paid for once is not lost when nobody answers, or a link has expired. */
  #useCopy(finished: Finished, why: string): LocalInput {
    this.#context.notice({ code: 'SOURCE_UNCHECKED', severity: 'info', message: `Whether ${this.#request.object.name} has changed could not be asked (${why}); the copy downloaded earlier is used`, remedy: 'Run again when it can be had again, or with --fresh to insist.' });
    return { path: finished.path, name: finished.fileName };
  }

  async #attempt(finished: Finished | undefined): Promise<LocalInput> {
    const { object } = this.#request;
    const { signal } = this.#context;
    const part = finished ? undefined : await this.#folder.part();
    const canContinue = part !== undefined && part.bytes > 0 && isKnown(part.validator);
    const body = canContinue ? await object.open(part.bytes, part.validator, signal) : await object.open(0, finished?.validator, signal);
    if (body === 'unchanged') {
      if (finished) return { path: finished.path, name: finished.fileName };
      throw new Retryable('the server says that nothing has changed, and nothing is here');
    }
    try {
      this.#request.accept(body);
      if (finished && isSameVersion(finished.validator, body.validator) && (body.totalBytes ?? finished.sizeBytes) === finished.sizeBytes) return { path: finished.path, name: finished.fileName };
      const startByte = await this.#placeOf(body, canContinue ? part : undefined);
      const keptBytes = canContinue && isSamePart(part, body) ? part.bytes : 0;
      await this.#requireRoom(body, keptBytes);
      // Bytes of another version go before the new version is written down: a kill between the two must not mix them.
      if (keptBytes === 0) await this.#folder.dropPart();
      await this.#folder.describePart({ validator: body.validator, totalBytes: body.totalBytes ?? null });
      const bytes = await this.#receive(body, { startByte, keptBytes });
      if (body.totalBytes !== undefined && bytes !== body.totalBytes) throw new Retryable(`the connection ended at ${bytes} of ${body.totalBytes} bytes`);
      return await this.#finish(body, bytes);
    } finally {
      drop(body);
    }
  }

  /** Where the answer's first byte belongs. Anything but a true continuation begins the file anew. */
  async #placeOf(body: RemoteBody, part: Part | undefined): Promise<number> {
    if (body.startByte === 0) return 0;
    if (part?.bytes === body.startByte && isSamePart(part, body)) return body.startByte;
    await this.#folder.dropPart();
    throw new Retryable('the server sent another part than the one asked for');
  }

  async #requireRoom(body: RemoteBody, keptBytes: number): Promise<void> {
    const { maxBytes } = this.#context;
    if ((body.totalBytes ?? 0) > maxBytes) throw this.#tooLarge(body.totalBytes);
    const neededBytes = Math.max(0, (body.totalBytes ?? 0) - keptBytes) + spareBytes;
    const { bavail, bsize } = await statfs(this.#folder.dir);
    if (bavail * bsize < neededBytes) {
      throw new SnvgError('DISK_FULL', `Only ${megabytes(bavail * bsize)} free for ${this.#request.object.name}, which needs ${megabytes(neededBytes)}`, 'Free some space, or keep downloads on another disk with SNVG_HOME or XDG_CACHE_HOME.');
    }
  }

  #tooLarge(totalBytes: number | undefined): SnvgError {
    const size = totalBytes === undefined ? 'larger' : `${megabytes(totalBytes)}, more`;
    return new SnvgError('SOURCE_TOO_LARGE', `${this.#request.object.name} is ${size} than the ${megabytes(this.#context.maxBytes)} a download may have`, 'Allow more with --max-download, in gigabytes.');
  }

  /** @param keptBytes what lies in the part already and is of the same version: written over with the same, and not lost if this breaks off too */
  async #receive(body: RemoteBody, { startByte, keptBytes }: { startByte: number; keptBytes: number }): Promise<number> {
    const { maxBytes, progress } = this.#context;
    const handle = await open(this.#folder.partPath, keptBytes === 0 ? 'w' : 'r+');
    let at = startByte;
    const silence = new Silence(body.bytes, this.#context.silenceMs);
    try {
      for await (const chunk of body.bytes as AsyncIterable<Buffer>) {
        silence.pause();
        if (at + chunk.length > Math.min(maxBytes, body.totalBytes ?? maxBytes)) {
          if (at + chunk.length > maxBytes) throw this.#tooLarge(undefined);
          throw new Retryable('the server sends more than it announced');
        }
        for (let written = 0; written < chunk.length; ) written += (await handle.write(chunk, written, chunk.length - written, at + written)).bytesWritten;
        at += chunk.length;
        progress(at, body.totalBytes);
        silence.watch();
      }
      if (body.totalBytes === undefined) await handle.truncate(at);
    } catch (error) {
      throw this.#explain(error);
    } finally {
      silence.pause();
      await handle.close();
    }
    return at;
  }

  #explain(error: unknown): unknown {
    if (error instanceof SnvgError || error instanceof Retryable || this.#context.signal.aborted) return error;
    const explained = explainWriteError(error, this.#folder.partPath);
    return explained === error ? new Retryable('the connection broke', { cause: error }) : explained;
  }

  async #finish(body: RemoteBody, sizeBytes: number): Promise<LocalInput> {
    const { name } = this.#request;
    if (sizeBytes === 0) throw new SnvgError('MEDIA_EMPTY', `${this.#request.object.name} is empty (0 bytes)`, 'Check the address.');
    const told = safeFileName(body.fileName ?? name);
    const fileName = !/\.[a-z][a-z0-9]{1,4}$/i.test(told) ? `${told}${endingOf(body.contentType)}` : told;
    const path = join(this.#folder.dir, fileName);
    const before = await this.#folder.finished();
    await commitFile(this.#folder.partPath, path);
    await this.#folder.describeDone({ fileName, sizeBytes, validator: body.validator });
    if (before && before.fileName !== fileName) await rm(before.path, { force: true });
    return { path, name: fileName };
  }
}

type Finished = NonNullable<Awaited<ReturnType<DownloadFolder['finished']>>>;
type Part = NonNullable<Awaited<ReturnType<DownloadFolder['part']>>>;

function isSamePart(part: Part, body: RemoteBody): boolean {
  return isSameVersion(part.validator, body.validator) && (part.totalBytes === null || part.totalBytes === body.totalBytes);
}

/** Whether the other side was reached and has the film no more for us: it is gone, or the right to it, or a page asks to log in. */
function isRefusal(error: unknown): error is Error {
  return error instanceof NotMedia || (error instanceof SnvgError && ['REMOTE_REFUSED', 'SOURCE_NOT_FOUND', 'SOURCE_NOT_MEDIA'].includes(error.code));
}

/** Breaks off a stream that says nothing for too long; waiting for the disk does not count. */
class Silence {
  readonly #stream: Readable;
  readonly #ms: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: Readable, ms: number) {
    this.#stream = stream;
    this.#ms = ms;
    this.watch();
  }

  watch(): void {
    this.pause();
    this.#timer = setTimeout(() => this.#stream.destroy(new Retryable('the other side fell silent')), this.#ms);
  }

  /** Something came, or nothing is waited for any more. */
  pause(): void {
    clearTimeout(this.#timer);
  }
}

/** Ends an answer whose bytes are not wanted (any more). */
function drop({ bytes }: RemoteBody): void {
  // Ending it early is what it then complains about.
  bytes.on('error', () => {});
  bytes.destroy();
}

const endings: Readonly<Record<string, string>> = { 'video/mp4': '.mp4', 'video/quicktime': '.mov', 'video/webm': '.webm', 'video/x-matroska': '.mkv', 'audio/mpeg': '.mp3', 'audio/mp4': '.m4a', 'audio/wav': '.wav', 'audio/x-wav': '.wav', 'audio/ogg': '.ogg' };

function endingOf(contentType: string | undefined): string {
  return endings[contentType ?? ''] ?? '';
}

function megabytes(bytes: number): string {
  return bytes >= 1e9 ? `${Number((bytes / 1e9).toFixed(1))} GB` : `${Math.ceil(bytes / 1e6)} MB`;
}
