import type { Candidates } from '../artifacts/schemas/selection.js';
import type { Manifest } from '../artifacts/schemas/manifest.js';
import type { Transcript } from '../artifacts/schemas/speech.js';
import { writeReport } from '../ui/report/index.js';
import type { DeliveredOutput } from './delivery.js';

/** The job's report page, from what was delivered. */
export function reportHtml(input: { manifest: Manifest; candidates: Candidates | undefined; transcript: Transcript | undefined; delivered: readonly DeliveredOutput[] }): string {
  return writeReport({
    manifest: input.manifest,
    candidates: input.candidates,
    words: input.transcript?.words ?? [],
    ...(input.transcript ? { language: input.transcript.language } : {}),
    receipts: input.delivered.map(({ output, clip, coverName, moment }) => ({ path: output.path, clip, cover: coverName, moment })),
  });
}
