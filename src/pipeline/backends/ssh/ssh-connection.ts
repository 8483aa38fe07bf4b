import { createHash, randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { SnvgError } from '../../../errors.js';
import { run, ToolFailure } from '../../../process/run.js';
import { startPiped } from '../../../process/piped.js';
import type { LinkStreams } from '../wire/worker-link.js';
import { type ControlFolder } from './control-folder.js';
import { type Destination, formatDestination } from './destination.js';
import { connectTimeoutSeconds, type Sharing, sshArguments, sshExitArguments, sshSettingsArguments } from './ssh-command.js';
import { type SshFault, sshFaultOf } from './ssh-fault.js';

/** `ssh` itself failed, or the command on the host did in a way the caller did not expect. */
export class SshFailure extends Error {
  override readonly name = 'SshFailure';
  readonly fault: SshFault;

  constructor(fault: SshFault, options?: { cause?: unknown }) {
    super(fault.message, options);
    this.fault = fault;
  }
}

export interface SshConnectionOptions {
  destination: Destination;
  /** Where sockets of shared connections may lie; undefined: each command has a connection of its own. */
  controls: ControlFolder | undefined;
  /** Working directory of `ssh`; nothing is written there. */
  cwd: string;
  connectTimeoutSeconds?: number;
}

/** A command on the host that goes on; its streams carry bytes. */
export type SshSession = LinkStreams & { pid: number | undefined };

/** How long a command may take to begin after the connection stands: a machine under load starts a shell in it. */
const beginMs = 20_000;

/**
 * Commands on one host by the system's `ssh`. They share one connection, of ours or the one the person's config shares; when sharing fails
 * a command is tried once more on a connection of its own.
 */
export class SshConnection {
  readonly destination: Destination;
  readonly #options: SshConnectionOptions;
  readonly #controlPath: string | undefined;
  #sharing: Promise<Sharing> | undefined;
  #unshared = false;

  constructor(options: SshConnectionOptions) {
    this.#options = options;
    this.destination = options.destination;
    const name = createHash('sha256').update(formatDestination(options.destination)).update(randomBytes(8)).digest('hex').slice(0, 8);
    this.#controlPath = options.controls?.pathFor(name);
  }

  /** For people: `ada@render1:2222`. */
  get title(): string {
    return formatDestination(this.destination);
  }

  /**
   * Runs a script by `sh` on the host, whatever the login shell there is.
   *
   * @returns its stdout, without what login scripts may have said before
   * @throws {SshFailure}; {ToolFailure} the script ended with another code than 0; {SnvgError} TOOL_STALLED after `timeoutMs`
   */
  async run(script: string, options: { signal: AbortSignal; timeoutMs?: number }): Promise<string> {
    const { signal, timeoutMs = 60_000 } = options;
    const session = await this.open('exec sh', { signal });
    let stopped: { reason: unknown } | undefined;
    const stop = (reason: unknown): void => {
      stopped ??= { reason };
      session.kill();
    };
    const onAbort = (): void => stop(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const timer = setTimeout(() => stop(new SnvgError('TOOL_STALLED', `${this.title} did not end a command within ${timeoutMs / 1000} s`, 'See what keeps it busy, then run again.')), timeoutMs);
    try {
      session.write.end(`${script}\n`);
      let text = '';
      for await (const chunk of session.read.setEncoding('utf8')) text += chunk as string;
      const end = await session.ended;
      if (stopped !== undefined) throw stopped.reason;
      const fault = sshFaultOf(this.title, end);
      if (fault) throw new SshFailure(fault);
      if (end.exitCode !== 0) throw new ToolFailure(`a command on ${this.title} ended with exit code ${end.exitCode}`, { exitCode: end.exitCode, endedBy: undefined, stderrTail: [...end.stderrTail], notStarted: false });
      return text;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /**
   * Starts a command on the host and resolves once it has begun there: what login scripts print before is not part of its bytes.
   *
   * @param command one line that every login shell understands: words, `quoted` where needed
   * @throws {SshFailure}
   */
  async open(command: string, options: { signal: AbortSignal }): Promise<SshSession> {
    return this.#twice(options.signal, (sharing) => this.#begin(command, sharing, options.signal));
  }

  /** Gives up the shared connection, such as one that a cut has left hanging; the next command makes a new one. */
  async disconnect(): Promise<void> {
    const sharing = await this.#sharing?.catch(() => undefined);
    this.#sharing = undefined;
    this.#unshared = false;
    if (sharing === undefined || typeof sharing === 'string') return;
    await run({ command: 'ssh', args: sshExitArguments(this.destination, sharing.controlPath), cwd: this.#options.cwd, env: plainWords, timeoutMs: 5_000 }).catch(() => {
      // There is none any more.
    });
  }

  async #twice<T>(signal: AbortSignal, attempt: (sharing: Sharing) => Promise<T>): Promise<T> {
    const sharing = this.#unshared ? 'none' : await this.#decideSharing(signal);
    try {
      return await attempt(sharing);
    } catch (error) {
      if (sharing === 'none' || !(error instanceof SshFailure) || !maybeSharing.has(error.fault.kind)) throw error;
      await this.disconnect();
      this.#unshared = true;
      return await attempt('none');
    }
  }

  #decideSharing(signal: AbortSignal): Promise<Sharing> {
    this.#sharing ??= this.#askSettings(signal).catch((error: unknown) => {
      this.#sharing = undefined;
      throw error;
    });
    return this.#sharing;
  }

  async #askSettings(signal: AbortSignal): Promise<Sharing> {
    let theirs = false;
    try {
      await run({
        command: 'ssh',
        args: sshSettingsArguments(this.destination),
        cwd: this.#options.cwd,
        env: plainWords,
        signal,
        timeoutMs: 10_000,
        onStdoutLine: (line) => {
          theirs ||= /^controlpath (?!none$)/i.test(line);
        },
      });
    } catch (error) {
      if (!(error instanceof ToolFailure)) throw error;
      const fault = sshFaultOf(this.title, { exitCode: error.exitCode ?? 255, stderrTail: error.stderrTail, failure: error.notStarted ? error.message : undefined });
      if (fault) throw new SshFailure(fault, { cause: error });
    }
    if (theirs) return 'as-configured';
    return this.#controlPath === undefined ? 'none' : { controlPath: this.#controlPath };
  }

  async #begin(command: string, sharing: Sharing, signal: AbortSignal): Promise<SshSession> {
    const mark = newMark();
    const child = startPiped({ command: 'ssh', args: sshArguments({ ...this.#options, sharing }, `echo ${mark}; ${command}`), cwd: this.#options.cwd, env: plainWords });
    const read = new PassThrough();
    const limitMs = (this.#options.connectTimeoutSeconds ?? connectTimeoutSeconds) * 1000 + beginMs;
    const begun = pastMark(child.stdout, mark, read);
    const { promise: tooLate, settle: onLate } = settledBy('late' as const);
    const timer = setTimeout(onLate, limitMs);
    const { promise: aborted, settle: onAbort } = settledBy('aborted' as const);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      signal.throwIfAborted();
      const first = await Promise.race([begun, child.ended.then((end) => end), tooLate, aborted]);
      if (first === 'begun') return { read, write: child.stdin, ended: child.ended, kill: child.kill, pid: child.pid };
      child.kill();
      if (first === 'aborted') throw signal.reason;
      // A shared connection that was cut hangs without a word.
      if (first === 'late') throw new SshFailure({ kind: sharing === 'none' ? 'timeout' : 'sharing', blame: 'network', retryable: true, message: `${this.title} does not answer (nothing came within ${limitMs / 1000} s)`, remedy: 'Check that it is switched on and not overloaded.' });
      const fault = sshFaultOf(this.title, { ...first, exitCode: first.exitCode ?? 255 });
      throw new SshFailure(fault ?? { kind: 'other', blame: 'host', retryable: false, message: `${this.title} does not run commands (exit code ${first.exitCode}${first.stderrTail.length > 0 ? `: ${first.stderrTail.at(-1)}` : ''})`, remedy: `Try \`ssh ${this.title} true\` by hand: the account may be restricted to one command.` });
    } catch (error) {
      child.kill();
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }
}

/** What a shared connection that is of no use any more may look like. */
const maybeSharing: ReadonlySet<SshFault['kind']> = new Set(['sharing', 'cut', 'other']);

/** Messages of the system in English, which `sshFaultOf` reads. */
const plainWords = { LC_ALL: 'C' };

function settledBy<T>(value: T): { promise: Promise<T>; settle: () => void } {
  let settle: (value: T) => void = ignore;
  const promise = new Promise<T>((resolve) => {
    settle = resolve;
  });
  return { promise, settle: () => settle(value) };
}

function ignore(): void {}

function newMark(): string {
  return `snvg-begin-${randomBytes(8).toString('hex')}`;
}

/** Passes on what comes after the line that is `mark`. Resolves when that line has come. */
function pastMark(from: NodeJS.ReadableStream, mark: string, to: PassThrough): Promise<'begun'> {
  return new Promise((resolve) => {
    const line = Buffer.from(`${mark}\n`);
    let seen = Buffer.alloc(0);
    const look = (chunk: Buffer): void => {
      seen = Buffer.concat([seen, chunk]);
      const at = seen.indexOf(line);
      if (at === -1) {
        // Login scripts may say much; the mark may have come in two pieces.
        seen = seen.subarray(Math.max(0, seen.length - line.length));
        return;
      }
      from.off('data', look);
      from.pause();
      const rest = seen.subarray(at + line.length);
      if (rest.length > 0) to.write(rest);
      from.pipe(to);
      resolve('begun');
    };
    from.on('data', look);
    from.once('end', () => to.end());
  });
}
