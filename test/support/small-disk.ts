import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Why small disks cannot be made here; undefined when they can. CI runs as root, so that nothing is skipped there. */
export const noSmallDisk: string | undefined = whyNot();

function whyNot(): string | undefined {
  if (process.platform !== 'linux') return 'tmpfs mounts are tried on Linux alone';
  if (process.getuid?.() !== 0) return 'mounting a tmpfs takes root';
  const dir = mkdtempSync(join(tmpdir(), 'snvg-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'snvg-test', dir], { stdio: 'ignore' });
    execFileSync('umount', [dir]);
    return undefined;
  } catch {
    return 'this root may not mount a tmpfs';
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A real file system of a few kilobytes, taken down when the test ends. */
export interface SmallDisk {
  path: string;
  /** Changes size or rights while it is in use: `size=1m`, `ro`. */
  remount(options: string): void;
  /** Leaves so many bytes free. */
  fill(leaveBytes: number): void;
  /** Takes away what `fill` wrote. */
  empty(): void;
}

export function smallDisk(options: string): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'snvg-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'snvg-test', path]);
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', path]);
    rmSync(path, { recursive: true, force: true });
  });
  const ballast = join(path, 'ballast');
  return {
    path,
    remount: (changed) => execFileSync('mount', ['-o', `remount,${changed}`, path]),
    fill: (leaveBytes) => {
      const { bavail, bsize } = statfsSync(path);
      try {
        writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - leaveBytes), 1));
      } catch (error) {
        // Whoever else writes to the disk at this moment may fill it before us.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    },
    empty: () => rmSync(ballast, { force: true }),
  };
}
