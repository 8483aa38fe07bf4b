import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { SnvgError } from '../../errors.js';
import { launcherName, programsFolder } from '../../pipeline/backends/ssh/agent-command.js';
import { quoted } from '../../pipeline/backends/ssh/ssh-command.js';
import type { SshConnection, SshSession } from '../../pipeline/backends/ssh/ssh-connection.js';
import { sshFaultOf, hostErrorOf } from '../../pipeline/backends/ssh/ssh-fault.js';
import { reached } from './look-at-host.js';
import type { Program } from './program-files.js';
import type { Manifest, Received, Refused, Wanted } from './receive-program.js';

/** Versions that stay on a host: the one that was just put there, and the one before it, which another machine may still use. */
const keptVersions = 2;
/** Without a byte or a word for so long the other end is given up. */
const stallMs = 120_000;

export interface Installed {
  /** The version's folder on the host. */
  path: string;
  /** False: all of it was there already. */
  changed: boolean;
  sentFiles: number;
  sentBytes: number;
  /** Of the sending alone. */
  wallMs: number;
  /** Names of older versions that were removed. */
  pruned: readonly string[];
}

/**
 * Puts a version of snvg on a host: only the files that are not there yet, each checked by its hash; the version appears whole or not at all.
 * Interrupted, it goes on the next time with what is missing.
 *
 * @param node the Node there that takes it in and will run it
 * @throws {SnvgError} HOST_LACKING (space, rights), REMOTE_UNAVAILABLE, REMOTE_REFUSED, TOOL_STALLED
 */
export async function installOnHost(connection: SshConnection, program: Program, node: string, options: { signal: AbortSignal; onProgress?: (sentBytes: number, ofBytes: number) => void }): Promise<Installed> {
  const receiver = await readFile(fileURLToPath(new URL('./receive-program.js', import.meta.url)), 'utf8').catch(() => readFile(builtReceiver, 'utf8'));
  const command = `exec ${quoted(node)} --input-type=module -e ${quoted(`import("data:text/javascript;base64,${Buffer.from(receiver).toString('base64')}")`)}`;
  const session = await reached(connection, () => connection.open(command, { signal: options.signal }));
  const onAbort = (): void => session.kill();
  options.signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await send(connection, session, program, options.onProgress);
  } catch (error) {
    options.signal.throwIfAborted();
    throw error;
  } finally {
    options.signal.removeEventListener('abort', onAbort);
    session.kill();
  }
}

/** Run from its sources (tests), snvg has it where it was built. */
const builtReceiver = fileURLToPath(new URL('../../../dist/app/hosts/receive-program.js', import.meta.url));

async function send(connection: SshConnection, session: SshSession, program: Program, onProgress: (sentBytes: number, ofBytes: number) => void = () => {}): Promise<Installed> {
  const { title } = connection;
  let heardMs = performance.now();
  let stalled = false;
  const watch = setInterval(() => {
    if (performance.now() - heardMs < stallMs) return;
    stalled = true;
    session.kill();
  }, 1_000);
  const answers = linesOf(session.read);
  const answer = async (): Promise<Wanted | Received> => {
    const { value } = await answers.next();
    heardMs = performance.now();
    if (value === undefined) {
      if (stalled) throw new SnvgError('TOOL_STALLED', `${title} took nothing in for ${stallMs / 1000} s`, 'Run again: what has arrived is kept.');
      const end = await session.ended;
      const fault = sshFaultOf(title, end);
      if (fault) throw hostErrorOf(fault.retryable ? { ...fault, remedy: 'Run again: what has arrived is kept.' } : fault);
      throw new SnvgError('REMOTE_UNAVAILABLE', `${title} stopped taking in snvg (exit code ${end.exitCode}${end.stderrTail.length > 0 ? `: ${end.stderrTail.at(-1)}` : ''})`, 'Run again: what has arrived is kept.');
    }
    const message = JSON.parse(value) as Wanted | Received | Refused;
    if (message.type === 'refused') throw refusal(title, message);
    return message;
  };
  try {
    const files = program.files.map(({ path, sha256, sizeBytes, executable }) => ({ path, sha256, sizeBytes, executable }));
    const manifest: Manifest = { name: program.name, folder: programsFolder, launcher: launcherName, keep: keptVersions, files };
    session.write.write(`${JSON.stringify(manifest)}\n`);
    const wanted = (await answer()) as Wanted;
    const missing = wanted.files.flatMap((index) => program.files[index] ?? []);
    const ofBytes = missing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const startedMs = performance.now();
    let sentBytes = 0;
    const ended = session.ended.then(() => 'ended' as const);
    for (const file of missing) {
      for await (const chunk of createReadStream(file.source, { highWaterMark: 256 * 1024 })) {
        if (!session.write.write(chunk)) {
          // A receiver that refuses leaves, and nothing drains any more: its last line says why.
          if ((await Promise.race([once(session.write, 'drain').catch(() => 'ended' as const), ended])) === 'ended') await answer();
        }
        heardMs = performance.now();
        sentBytes += (chunk as Buffer).length;
        onProgress(sentBytes, ofBytes);
      }
    }
    session.write.end();
    const received = (await answer()) as Received;
    return { path: received.path, changed: !wanted.complete, sentFiles: missing.length, sentBytes, wallMs: performance.now() - startedMs, pruned: received.pruned };
  } finally {
    clearInterval(watch);
  }
}

function refusal(title: string, { why, message }: Refused): SnvgError {
  if (why === 'space') return new SnvgError('HOST_LACKING', `Not enough space on ${title}: ${message}`, 'Free some space in the home folder there, then run again: what has arrived is kept.');
  if (why === 'rights') return new SnvgError('HOST_LACKING', `snvg cannot be written on ${title}: ${message}`, 'Make the home folder of this account writable, or use another account: snvg hosts add user@host');
  return new SnvgError('REMOTE_UNAVAILABLE', `snvg did not arrive whole on ${title}: ${message}`, 'Run again: what has arrived is kept.');
}

async function* linesOf(stream: NodeJS.ReadableStream): AsyncGenerator<string, undefined> {
  let held = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) {
    held += chunk as string;
    for (let end = held.indexOf('\n'); end !== -1; end = held.indexOf('\n')) {
      yield held.slice(0, end);
      held = held.slice(end + 1);
    }
  }
  return undefined;
}
