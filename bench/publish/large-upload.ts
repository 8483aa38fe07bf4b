import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { smallClip } from '../../test/support/publish-context.js';
import { networkCase } from '../../test/publish/world/platform-case.js';
import { Stage } from './stage.js';

export interface LargeUpload {
  sizeBytes: number;
  /** Bytes of request bodies over the size of the film: what was sent twice, and the small requests. */
  sentAgainBytes: number;
  /** The larger of the two processes' peaks over what each had when it began. */
  grewBytes: number;
  posts: number;
}

/** Sends a large film, kills the process half-way, and sends the rest with another. */
export async function largeUpload(platform: string, { sizeBytes, options }: { sizeBytes: number; options: Record<string, unknown> }): Promise<LargeUpload> {
  const dir = mkdtempSync(join(tmpdir(), 'snvg-bench-large-'));
  const clip = { ...smallClip(dir), sizeBytes };
  // A film of nothing takes no room on the disk.
  writeFileSync(clip.videoPath, '');
  truncateSync(clip.videoPath, sizeBytes);
  const stage = await Stage.open({ ...networkCase(platform), options }, { dir, clips: [clip], scale: 30 });
  try {
    const first = stage.start();
    await first.ready;
    const begun = memoryOf(first.pid);
    let peakBytes = begun.nowBytes;
    while (stage.receivedBytes < sizeBytes / 2) {
      peakBytes = Math.max(peakBytes, memoryOf(first.pid).peakBytes);
      if (await Promise.race([pause(20), first.ended.then(() => true)])) throw new Error(`${platform}: it ended before the kill`);
    }
    first.kill();
    await first.ended;
    const report = await stage.start().ended;
    const outcome = report?.ended[0]?.outcome;
    if (!report || !['published', 'draft'].includes(outcome ?? '')) throw new Error(`${platform}: the second process ended with ${outcome}: ${report?.ended[0]?.problem?.message ?? report?.stopped}`);
    const grewBytes = Math.max(peakBytes - begun.nowBytes, report.peakRssBytes - report.startRssBytes);
    return { sizeBytes, sentAgainBytes: stage.receivedBytes - sizeBytes, grewBytes, posts: stage.standIn.posts().length };
  } finally {
    await stage.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

function memoryOf(pid: number | undefined): { nowBytes: number; peakBytes: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1024;
  return { nowBytes: of('VmRSS'), peakBytes: of('VmHWM') };
}
