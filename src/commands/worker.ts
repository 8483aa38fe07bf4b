import { Writable } from 'node:stream';
import { serveWorker } from '../app/worker.js';
import { SnvgError } from '../errors.js';
import { writeUnguarded } from '../secrets.js';
import type { CommandContext } from './context.js';

export interface WorkerFlags {
  stdio?: boolean;
  slots?: string;
  tags?: string;
  cache?: string;
}

/** So much of the log may wait for a reader; what comes then is dropped, for an agent never waits for its log. */
const waitingLogBytes = 1_000_000;

/** `snvg worker --stdio`: serves whoever is at the other end of stdin and stdout, then ends the process. */
export async function runWorker({ loaded: { settings }, paths, version, signal, stdout, stderr }: CommandContext, flags: WorkerFlags): Promise<number> {
  if (flags.stdio !== true) throw new SnvgError('USAGE', 'snvg worker needs to know whom it works for', 'Give a queue with --queue redis://host:6379, or --stdio, as another snvg does that starts it.');
  if (process.stdin.isTTY) throw new SnvgError('USAGE', 'snvg worker --stdio talks with another snvg, not with a person', 'Use it by naming this machine elsewhere: snvg hosts add user@host.');
  const slots = flags.slots === undefined ? undefined : Number(flags.slots);
  if (slots !== undefined && !(Number.isInteger(slots) && slots >= 1 && slots <= 1024)) throw new SnvgError('USAGE', `--slots is ${flags.slots}, which is no number of half cores`, 'Give a whole number from 1 to 1024; a core has two.');
  const frames = new Writable({ write: (chunk: Uint8Array, _encoding, done) => writeUnguarded(stdout, chunk, done) });
  // stdout carries frames alone: what a library prints must not come between them.
  stdout.write = stderr.write.bind(stderr) as typeof stdout.write;
  const hungUp = new AbortController();
  // A login that ends may say so by this signal, whose ordinary effect would leave the tasks running.
  process.on('SIGHUP', () => hungUp.abort());
  const reason = await serveWorker({
    settings,
    paths,
    version,
    ...(slots === undefined ? {} : { slots }),
    tags: (flags.tags ?? '').split(',').map((tag) => tag.trim()).filter((tag) => tag !== ''),
    ...(flags.cache === undefined ? {} : { cacheDir: flags.cache }),
    read: process.stdin,
    write: frames,
    log: (line) => {
      if (stderr.writableLength < waitingLogBytes) stderr.write(line);
    },
    signal: AbortSignal.any([signal, hungUp.signal]),
  });
  // stdin may stay open, and stdout may have something left that nobody will read.
  return process.exit(reason === 'stopped' ? 143 : reason === 'fault' ? 1 : 0);
}
