import type { ArtifactStore } from '../../../artifacts/store.js';
import type { Logger } from '../../../logger.js';
import { Incompatible, PlaceFault } from '../place.js';
import { AgentLink } from './agent-link.js';
import { Connection } from './connection.js';
import { GreetingFinder } from './greeting.js';
import type { IncomingArtifacts } from './incoming.js';
import { endOf, faultOf, lastWords } from './link-end.js';
import { fromAgent, type FromAgent, wireProtocol } from './messages.js';
import type { ByteSupply, LinkStreams, Welcome, WorkerLink } from './worker-link.js';

export interface LinkOptions {
  /** Of the machine at the other end, for people and logs. */
  name: string;
  /** Of snvg: both ends must be the same. */
  version: string;
  /** Where what is made there goes. */
  store: ArtifactStore;
  incoming: IncomingArtifacts;
  supply: ByteSupply;
  log: Logger;
  signal?: AbortSignal;
  timing?: Partial<LinkTiming>;
}

export interface LinkTiming {
  /** How long the other end may take to start and greet: a login, Node's start, on a machine under load. */
  greetingMs: number;
  /** How often both ends say that they live. */
  pingEveryMs: number;
  /** An end that hears nothing for so long, or can send nothing, gives up. */
  silenceMs: number;
}

const ordinaryTiming: LinkTiming = { greetingMs: 30_000, pingEveryMs: 2_000, silenceMs: 15_000 };

/**
 * Greets the agent at the other end of the streams. Whatever is printed before its greeting is passed over.
 *
 * @throws {Incompatible} it is of another version or protocol
 * @throws {PlaceFault} it ends, is silent, or talks something else
 * @throws the signal's reason when aborted
 */
export async function openLink(streams: LinkStreams, options: LinkOptions): Promise<WorkerLink> {
  const timing = { ...ordinaryTiming, ...options.timing };
  const { signal } = options;
  const stop = (): void => streams.kill();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    signal?.throwIfAborted();
    const first = await greeted(streams, options.name, timing.greetingMs);
    return await welcomed(streams, first, timing, options);
  } catch (error) {
    streams.kill();
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/** @returns what came after the greeting */
function greeted(streams: LinkStreams, name: string, greetingMs: number): Promise<Uint8Array> {
  const finder = new GreetingFinder();
  const { read } = streams;
  return new Promise<Uint8Array>((resolve, reject) => {
    const finish = (): void => {
      clearTimeout(timer);
      read.pause();
      read.off('data', onData).off('end', onEnd).off('error', onEnd);
    };
    const refuse = (what: string, fault: (message: string) => PlaceFault): void => {
      finish();
      const said = finder.talk === '' ? '' : `; it said: ${finder.talk}`;
      reject(fault(`${name} ${what}${said}`));
    };
    const onData = (chunk: Uint8Array): void => {
      const rest = finder.push(chunk);
      if (rest) {
        finish();
        resolve(rest);
      } else if (finder.gaveUp) refuse('talks, but it is not snvg that talks', noAgent);
    };
    const onEnd = (): void => {
      clearTimeout(timer);
      void endOf(streams).then(({ exitCode, stderrTail }) => refuse(`ended${exitCode === undefined ? '' : ` with code ${exitCode}`} before it greeted${lastWords(stderrTail)}`, noAgent));
    };
    const timer = setTimeout(() => refuse(`did not greet within ${Math.round(greetingMs / 1000)} s`, (message) => new PlaceFault('network', message, 'See whether it can be reached and is not overloaded; snvg hosts test measures it.')), greetingMs);
    read.on('data', onData).on('end', onEnd).on('error', onEnd);
  });
}

function noAgent(message: string): PlaceFault {
  return new PlaceFault('host', message, 'Install snvg there with snvg hosts install, and see with snvg hosts test.');
}

async function welcomed(streams: LinkStreams, first: Uint8Array, timing: LinkTiming, options: LinkOptions): Promise<WorkerLink> {
  const { name, version } = options;
  const connection = new Connection<FromAgent>(streams, fromAgent);
  const { pingEveryMs, silenceMs } = timing;
  let link: AgentLink | undefined;
  let farewell: Extract<FromAgent, { type: 'ending' }> | undefined;
  const welcome = new Promise<Welcome>((resolve, reject) => {
    void connection.listen(first, (message, body) => {
      if (link) return link.take(message, body);
      if (message.type === 'welcome') {
        const { type: _, ...said } = message;
        if (said.protocol !== wireProtocol || said.version !== version) reject(otherVersion(name, said, version));
        else {
          // Made here, so that a message right after it finds the link.
          link = new AgentLink(streams, connection, said, options);
          resolve(said);
        }
      } else if (message.type === 'refusal') reject(otherVersion(name, message, version));
      else if (message.type === 'ending') farewell = message;
      return undefined;
    });
    void connection.over.then(async (end) => reject(await faultOf(end, name, streams, farewell)));
  });
  connection.writer.send({ type: 'hello', protocol: wireProtocol, version, pingEveryMs, silenceMs });
  connection.watch(pingEveryMs, silenceMs, () => connection.writer.send({ type: 'ping' }));
  await welcome;
  if (!link) throw new Error('a welcome without a link');
  return link;
}

function otherVersion(name: string, theirs: { protocol: number; version: string }, version: string): Incompatible {
  const [there, here] = theirs.version === version ? [`${theirs.version}, protocol ${theirs.protocol}`, `${version}, protocol ${wireProtocol}`] : [theirs.version, version];
  return new Incompatible(`${name} has snvg ${there}, this machine ${here}`, `Put the same version there: snvg hosts install ${name}`);
}
