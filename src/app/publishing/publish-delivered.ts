import type { Manifest } from '../../artifacts/schemas/manifest.js';
import type { SnvgError } from '../../errors.js';
import type { Notice } from '../../pipeline/notice.js';
import type { App } from '../app.js';
import { jobClips, type DeliveredJob, type JobClip } from './job-clips.js';
import { withPublishing } from './publishing-room.js';
import { publishClips } from './publish-clips.js';
import { requireLastingLedger } from './open-ledger.js';
import { openOutside } from './outside.js';
import { errorOfRows, type PublishRow } from './rows.js';
import { namedTargets, openTargets, type NamedTarget } from './targets.js';

/** Where the clips of a run are to go, checked before any work. */
export type ReadyTargets = readonly NamedTarget[];

/**
 * What can be known of the targets without asking anybody. An account that nobody is logged in to is said now, not after an hour of work.
 *
 * @throws {SnvgError} TARGET_UNKNOWN, USAGE, CONFIG_INVALID, LEDGER_EPHEMERAL, AUTH_NEEDED, VAULT_*
 */
export async function readyToPublish(app: App): Promise<ReadyTargets> {
  const named = await namedTargets(app.settings);
  requireLastingLedger(named.map(({ publisher }) => publisher), app.settings, process.env);
  if (named.every(({ publisher }) => publisher.auth === null)) return named;
  const outside = await openOutside(app);
  try {
    const [closed] = (await openTargets(named, outside)).closed;
    if (closed) throw closed.error;
    return named;
  } finally {
    await outside.close();
  }
}

/**
 * Publishes what a job has just delivered. Clips for platforms where others see them wait for a person's yes, unless the rules of
 * --auto-approve let them through; then nothing is claimed, and it is said how many wait.
 *
 * @returns undefined when no target was named
 * @throws {SnvgError} LEDGER_*; the signal's reason
 */
export async function publishDelivered(app: App, request: { job: DeliveredJob; targets: ReadyTargets; signal: AbortSignal; notice(notice: Notice): void }): Promise<{ publications: Manifest['publications']; error: SnvgError | undefined } | undefined> {
  const { job, targets, signal, notice } = request;
  if (targets.length === 0) return undefined;
  const clips = await jobClips(job, app.reviews);
  const rows = await withPublishing(app, async (room) =>
    publishClips(room, { clips, targets: await openTargets(targets, room.outside), again: false, insist: false, wait: true, signal, notice, event: () => {} }),
  );
  const waiting = rows.filter(({ outcome }) => outcome === 'waiting').length;
  if (waiting > 0) {
    notice({ code: 'REVIEW_WAITING', stage: 'publish', message: `${waiting} ${waiting === 1 ? 'post waits' : 'posts wait'} for a person's yes`, remedy: 'Look at the clips with snvg review, then: snvg publish', severity: 'info' });
  }
  return { publications: rows.flatMap((row) => manifestRow(row, clips)), error: errorOfRows(rows) };
}

function manifestRow({ lineage, platform, account, state, url }: PublishRow, clips: readonly JobClip[]): Manifest['publications'] {
  if (state === null) return [];
  return [{ clipId: clips.find((clip) => clip.lineage === lineage)?.id ?? lineage, target: platform, account, state, url }];
}
