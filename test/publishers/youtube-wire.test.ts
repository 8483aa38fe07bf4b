import { expect, it } from 'vitest';
import { LostReply, PlatformFault } from '../../src/publishers/faults.js';
import { openTransport } from '../../src/publishers/send.js';
import { youtubePublisher } from '../../src/publishers/youtube/index.js';
import { serveStandIns } from '../../src/sandbox/server.js';
import { smallClip } from '../support/publish-context.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { channel, YoutubeRun } from './support/youtube-run.js';

it('the same over sockets: Google’s client and our chunks by one transport, with broken connections and half answers', async () => {
  const run = new YoutubeRun({ processingMs: 0 });
  run.options = { chunkKib: 256, captions: 'both' };
  const clip = smallClip(temporaryFolder(), { bytes: Buffer.alloc(700_000, 'a film ') });
  const kinds = ['drop-before', 'drop-after', 'half-body', 'duplicate'] as const;
  let requests = 0;
  const server = await serveStandIns({ standIns: [run.standIn], script: () => ((requests += 1) % 3 === 0 ? { kind: kinds[(requests / 3) % kinds.length] ?? 'drop-before' } : undefined) });
  const http = openTransport({ hosts: { '*': server.url } });
  try {
    let resumed = false;
    for (let turn = 0; turn < 100 && !['published', 'failed', 'unknown'].includes(run.publication.state); turn += 1) {
      const context = { ...run.context(clip), http };
      try {
        if (resumed && run.publication.state === 'committing') {
          const lookup = await youtubePublisher.lookup(run.publication, context);
          resumed = false;
          if ('found' in lookup) run.record(lookup.found);
          else if ('absent' in lookup) run.record(lookup.absent);
          else throw new Error(`undecided: ${JSON.stringify(lookup)}`);
        } else {
          run.record(await youtubePublisher.advance(run.publication, context));
          resumed = false;
        }
      } catch (error) {
        if (!(error instanceof LostReply || (error instanceof PlatformFault && error.kind === 'retry'))) throw error;
        resumed = true;
      }
    }
    expect(run.publication.state).toBe('published');
    expect(run.standIn.posts()).toMatchObject([{ account: channel.id, videoSha256: clip.sha256, visibility: 'public' }]);
    expect(run.standIn.extrasOf(run.standIn.posts()[0]?.id ?? '')?.captions).toHaveLength(1);
    expect(server.failures).toEqual([]);
  } finally {
    http.close();
    await server.close();
  }
});
