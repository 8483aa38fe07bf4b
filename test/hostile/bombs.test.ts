import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planIngest } from '../../src/pipeline/ingest/index.js';
import { bombs } from '../fuzz/bombs.js';
import type { Seed } from '../fuzz/corpus.js';
import { realPlanner } from '../support/real-planner.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** How each bomb ends when it is looked at: a code and what is said, or null where it is harmless within the limits. */
const expected: Record<string, [code: string, message: RegExp] | null> = {
  'png-16000.mkv': ['MEDIA_TOO_LARGE', /pictures of 16000×16000/],
  'gif-65535.gif': ['MEDIA_TOO_LARGE', /pictures of 65535×65535/],
  'hundred-tracks.mp4': ['MEDIA_TOO_LARGE', /120 streams/],
  'chapters.mkv': ['MEDIA_TOO_LARGE', /40000 chapters/],
  'a-day-long.mp4': ['MEDIA_UNSUPPORTED', /claims to play for 67 minutes, but holds \d+ bytes/],
  'long-title.mp4': ['MEDIA_UNSUPPORTED', /describes itself at a length/],
  'h264-16384.ts': ['MEDIA_TOO_LARGE', /pictures of 16384×16384/],
  '64-channels.wav': ['MEDIA_UNSUPPORTED', /64 channels of sound in no known arrangement/],
  'cover-12000.m4a': null,
  'sample-a-packet.mkv': null,
  '768-kHz.wav': null,
};

describe('a small file that asks for much', () => {
  let made: Seed[];
  beforeAll(() => {
    made = bombs();
  });
  let planned: Awaited<ReturnType<typeof realPlanner>>;
  beforeAll(async () => {
    planned = await realPlanner();
  });
  afterAll(() => planned.close());

  it.for(Object.entries(expected))('%s', async ([name, refusal]) => {
    const path = join(temporaryFolder(), name);
    writeFileSync(path, made.find((bomb) => bomb.name === name)?.bytes ?? '');
    const cpuBefore = planned.cpuSeconds();
    const looked = await planIngest(planned.planner, { path }).catch((error: unknown) => error);
    if (refusal) expect(looked).toMatchObject({ code: refusal[0], message: expect.stringMatching(refusal[1]) });
    else {
      expect(looked).toHaveProperty('source');
      // A cover of such a size is not one.
      if (name.startsWith('cover')) expect((await planned.planner.read((looked as Awaited<ReturnType<typeof planIngest>>).source)).cover).toBeNull();
    }
    expect(planned.cpuSeconds() - cpuBefore).toBeLessThan(3);
  });
});
