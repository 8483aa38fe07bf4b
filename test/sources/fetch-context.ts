import { join } from 'node:path';
import type { FetchContext } from '../../src/sources/source.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** What a job gives to a fetch, with what it said. Loopback is allowed: that is where the tests' servers are. */
export function fetchContext(changes: Partial<FetchContext> = {}): FetchContext & { notices: string[]; told: [number, number | undefined][] } {
  const notices: string[] = [];
  const told: [number, number | undefined][] = [];
  return {
    signal: new AbortController().signal,
    downloadsDir: join(temporaryFolder(), 'downloads'),
    fresh: false,
    allowPrivateNetwork: true,
    maxBytes: 1e9,
    silenceMs: 10_000,
    s3Endpoint: null,
    ytDlp: 'yt-dlp',
    progress: (done, total) => told.push([done, total]),
    notice: ({ code }) => notices.push(code),
    exclusive: (_key, work) => work(),
    notices,
    told,
    ...changes,
  };
}
