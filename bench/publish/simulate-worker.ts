import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PublishableClip } from '../../src/publishers/publisher.js';
import { clipsFor } from '../../test/publish/world/clips.js';
import { type BatchOutcome, faultedBatch } from '../../test/publish/world/faulted-batch.js';
import { naiveBatch, type NaiveOutcome } from '../../test/publish/world/naive.js';
import { networkCase } from '../../test/publish/world/platform-case.js';

/** A seeded batch to be run: by the engine, or by the naive floor. */
export type SimulationRequest = { kind: 'engine' | 'naive'; platform: string; seed: number; clips: number };
export type SimulationReply = { kind: 'engine'; outcome: BatchOutcome } | { kind: 'naive'; outcome: NaiveOutcome };

const dir = mkdtempSync(join(tmpdir(), 'snvg-bench-publish-'));
const made = new Map<string, PublishableClip[]>();

function clipsOf(platform: string, count: number): PublishableClip[] {
  const id = `${platform}-${count}`;
  const known = made.get(id);
  if (known) return known;
  const clips = clipsFor(networkCase(platform), mkdtempSync(join(dir, `${id}-`)), count);
  made.set(id, clips);
  return clips;
}

process.on('message', (request: SimulationRequest) => {
  const given = networkCase(request.platform);
  const batch = { seed: request.seed, clips: clipsOf(request.platform, request.clips) };
  const reply: Promise<SimulationReply> = request.kind === 'engine' ? faultedBatch(given, batch).then((outcome) => ({ kind: 'engine', outcome })) : naiveBatch(given, batch).then((outcome) => ({ kind: 'naive', outcome }));
  reply.then(
    (message) => process.send?.(message),
    (error: unknown) => {
      process.stderr.write(`${request.kind} ${request.platform}, seed ${request.seed}: ${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
