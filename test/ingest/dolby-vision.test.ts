import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { planIngest } from '../../src/pipeline/ingest/index.js';
import { realPlanner } from '../support/real-planner.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** HEVC that says to be Dolby Vision: a `dvcC` box at the end of its sample entry, as the format's specification lays it out. */
function dolbyVision(profile: number, compatibility: number): string {
  const path = join(temporaryFolder(), `profile-${profile}.mp4`);
  const tags = profile === 5 ? [] : ['-color_primaries', 'bt2020', '-color_trc', 'arib-std-b67', '-colorspace', 'bt2020nc'];
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'color=c=gray:s=64x64:r=25:d=0.4', '-pix_fmt', 'yuv420p10le', '-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none', '-tag:v', 'hvc1', ...tags, path]);
  const bytes = readFileSync(path);
  const box = Buffer.alloc(32);
  box.writeUInt32BE(32, 0);
  box.write('dvcC', 4);
  // Version 1.0; profile (7 bits), level 1 (6), a layer of metadata and a base layer (3), what the base layer is compatible with (4).
  box.set([1, 0, profile << 1, (1 << 3) | 0b101, compatibility << 4], 8);
  const entry = bytes.indexOf('hvc1', bytes.indexOf('stsd')) - 4;
  const end = entry + bytes.readUInt32BE(entry);
  // The index stands at the end of the file: nothing refers to what comes after.
  for (const name of ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd', 'hvc1']) {
    const at = bytes.lastIndexOf(name, entry + 4) - 4;
    bytes.writeUInt32BE(bytes.readUInt32BE(at) + box.length, at);
  }
  writeFileSync(path, Buffer.concat([bytes.subarray(0, end), box, bytes.subarray(end)]));
  return path;
}

describe('Dolby Vision', () => {
  it('is refused where no other decoder shows its colours, in two lines', async () => {
    const run = await realPlanner();
    onTestFinished(() => run.close());
    await expect(planIngest(run.planner, { path: dolbyVision(5, 0), minLengthUs: 100_000 })).rejects.toMatchObject({
      code: 'MEDIA_UNSUPPORTED',
      exitCode: 3,
      message: 'profile-5.mp4 is Dolby Vision profile 5, whose colours only a Dolby Vision decoder can show',
      remedy: expect.stringContaining('HDR10, HLG, SDR'),
    });
  });

  it('is taken with an HLG base, as phones record it', async () => {
    const run = await realPlanner();
    onTestFinished(() => run.close());
    const { source } = await planIngest(run.planner, { path: dolbyVision(8, 4), minLengthUs: 100_000 });
    expect((await run.planner.read(source)).video).toMatchObject({ dolbyVisionProfile: 8, hdr: 'hlg', bitDepth: 10 });
  });
});
