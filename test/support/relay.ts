import { PassThrough, Transform } from 'node:stream';
import { encodeFrame, type Frame, FrameReader } from '../../src/pipeline/backends/wire/frames.js';
import type { LinkStreams } from '../../src/pipeline/backends/wire/worker-link.js';

export interface Relay extends LinkStreams {
  /** From now on nothing goes through, and nobody is told. */
  blackhole(): void;
}

/**
 * A line between a link and its agent that can be tampered with and cut. What it hands on of the agent's is whole.
 * @param tamper what becomes of a frame on its way to the agent
 * @param reaches false: killing this end does nothing to the agent, as where it is on another machine
 */
export function relayed(agent: LinkStreams, options: { tamper?: (frame: Frame) => Uint8Array; reaches?: boolean } = {}): Relay {
  const { tamper = ({ header, body }) => encodeFrame(header, body), reaches = true } = options;
  let cut = false;
  const frames = new FrameReader();
  const write = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      if (cut) return;
      for (const frame of frames.push(chunk)) this.push(tamper(frame));
      done();
    },
  });
  const read = new PassThrough();
  write.pipe(agent.write);
  agent.read.on('data', (chunk: Uint8Array) => {
    if (!cut) read.write(chunk);
  });
  agent.read.on('end', () => {
    if (!cut) read.end();
  });
  let gone: (() => void) | undefined;
  const killed = new Promise<Awaited<LinkStreams['ended']>>((resolve) => {
    gone = () => resolve({ exitCode: undefined, stderrTail: [] });
  });
  return {
    read,
    write,
    ended: reaches ? agent.ended : Promise.race([agent.ended, killed]),
    kill: () => (reaches ? agent.kill() : gone?.()),
    blackhole: () => {
      cut = true;
    },
  };
}
