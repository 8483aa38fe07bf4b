import { stat, statfs } from 'node:fs/promises';
import { SnvgError } from '../errors.js';
import type { Notice } from '../pipeline/notice.js';
import { nearestExisting } from '../output/folder.js';
import type { Span } from './estimate.js';

/** Less than this free is refused before any work: one short clip with its captions, and the database's growth. */
const floorBytes = 64 * 1024 * 1024;

/** A folder and what is going to be written below it. */
export interface SpaceNeed {
  folder: string;
  /** For people: what lies there. */
  what: string;
  bytes: Span;
  /** What is written here ends up there: on one disk it is moved, not copied, and need not fit twice. */
  movedTo?: string;
}

/**
 * Compares what is going to be written with what is free, disk by disk: folders on one disk share it.
 * @returns a notice when it may become too little
 * @throws {SnvgError} DISK_FULL when it surely is too little
 */
export async function requireDiskSpace(needs: readonly SpaceNeed[]): Promise<Notice | undefined> {
  const disks = new Map<number, { needs: SpaceNeed[]; freeBytes: number }>();
  for (const need of needs) {
    const folder = await nearestExisting(need.folder);
    const [{ dev }, { bavail, bsize }] = await Promise.all([stat(folder), statfs(folder)]);
    const disk = disks.get(dev) ?? { needs: [], freeBytes: bavail * bsize };
    disk.needs.push(need);
    disks.set(dev, disk);
  }
  let notice: Notice | undefined;
  for (const { needs: here, freeBytes } of disks.values()) {
    const min = floorBytes + here.reduce((sum, need) => sum + (here.some((other) => other.what === need.movedTo) ? 0 : need.bytes.min), 0);
    const max = floorBytes + here.reduce((sum, need) => sum + need.bytes.max, 0);
    const place = [...new Set(here.map(({ folder, what }) => `${folder} (${what})`))].join(', ');
    if (freeBytes < min) throw new SnvgError('DISK_FULL', `Only ${megabytes(freeBytes)} free for ${place}; at least ${megabytes(min)} are needed`, adviceFor(here));
    if (freeBytes < max) {
      notice ??= { code: 'DISK_ALMOST_FULL', stage: 'ingest', message: `${megabytes(freeBytes)} are free for ${place}; up to ${megabytes(max)} may be needed.`, remedy: adviceFor(here), severity: 'info' };
    }
  }
  return notice;
}

const waysOut = { clips: '--output', cache: 'SNVG_HOME', 'temporary files': 'TMPDIR' } as const;

function adviceFor(needs: readonly SpaceNeed[]): string {
  const ways = [...new Set(needs.flatMap(({ what }) => (what in waysOut ? [`${waysOut[what as keyof typeof waysOut]} for ${what}`] : [])))];
  return `Free some space${ways.length === 0 ? '' : `, or choose another disk (${ways.join(', ')})`}.`;
}

function megabytes(bytes: number): string {
  return bytes < 9.95e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${Math.round(bytes / 1e9)} GB`;
}
