import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { MediaHost } from '../../src/media/ffmpeg.js';

export interface TestMediaHost extends MediaHost {
  cpuSeconds: number;
}

/** What a media function needs, with the real ffmpeg and a scratch folder that is removed when the test ends. */
export function mediaHost(options: { signal?: AbortSignal; ffmpeg?: string } = {}): TestMediaHost {
  const scratchDir = mkdtempSync(join(tmpdir(), 'snvg-media-'));
  onTestFinished(() => rmSync(scratchDir, { recursive: true, force: true }));
  const host: TestMediaHost = {
    toolchain: { ffmpeg: { path: options.ffmpeg ?? 'ffmpeg' }, ffprobe: { path: 'ffprobe' } },
    signal: options.signal ?? new AbortController().signal,
    scratchDir,
    cpuSeconds: 0,
    addCpuSeconds: (seconds) => {
      host.cpuSeconds += seconds;
    },
  };
  return host;
}
