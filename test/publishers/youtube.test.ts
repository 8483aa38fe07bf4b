import { describe, expect, it } from 'vitest';
import { smallClip } from '../support/publish-context.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { YoutubeRun } from './youtube-run.js';

describe('YouTube', () => {
  it('uploads, decorates and publishes a Short, with one video to show for it', async () => {
    const run = new YoutubeRun();
    run.options = { captions: 'both', madeForKids: false };
    const clip = smallClip(temporaryFolder());
    const done = await run.finish(clip);
    expect(done).toMatchObject({ state: 'published', url: expect.stringMatching(/^https:\/\/youtube\.com\/shorts\/[\w-]{11}$/) });
  });
});
