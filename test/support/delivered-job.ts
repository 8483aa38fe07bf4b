import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApp, type App } from '../../src/app/app.js';
import { manifest as manifestSchema } from '../../src/artifacts/schemas/manifest.js';
import { loadSettings } from '../../src/config/load.js';
import { resolvePaths } from '../../src/config/paths.js';

const sourceSha256 = 'a'.repeat(64);
const titles = ['What is the first thing you notice?', 'Numbers nobody forgets', 'Why pauses work'];

/** A job with three clips as a run delivers them, in `<dir>/talk.snvg`. The films are no films: reviews look at their receipts. */
export function deliverJob(app: App, dir: string, changes: { notices?: object[]; film?: string } = {}): string {
  const outputDir = join(dir, 'talk.snvg');
  mkdirSync(outputDir, { recursive: true });
  const clips = titles.map((title, at) => {
    const index = at + 1;
    const stem = `0${index}-${title.replace(/\W+/g, '-')}`;
    const film = `${changes.film ?? 'film'} ${index}`;
    const ranges = [{ startUs: index * 60_000_000, endUs: index * 60_000_000 + 30_000_000 }];
    const path = `${stem}.vertical.mp4`;
    const output = { format: 'vertical', path, sha256: createHash('sha256').update(film).digest('hex'), width: 1080, height: 1920, durationUs: 30_000_000, integratedLufs: -14.1, truePeakDbtp: -1.7, captions: null, faceCoverage: 1, receipt: `${stem}.json` };
    const score = 80 - 10 * at;
    const notices = at === 0 ? (changes.notices ?? []) : [];
    writeFileSync(join(outputDir, path), film);
    writeFileSync(join(outputDir, `${stem}.vertical.jpg`), 'cover');
    const proof = { path, integratedLufs: -14.1, truePeakDbtp: -1.7, doubtfulWords: at === 1 ? [{ text: 'seventeen,', startUs: 1, confidence: 0.3 }] : [] };
    const receipt = { schemaVersion: 1, index, title, description: `About ${title.toLowerCase()}`, hashtags: ['#talk'], score, reason: `chosen with ${score} points`, edges: { pauseBeforeUs: 1, pauseAfterUs: 1, firstWord: 'What', lastWord: 'then.' }, outputs: [proof] };
    writeFileSync(join(outputDir, `${stem}.json`), JSON.stringify(receipt));
    return { id: `c${index}`, lineage: `${index}${'b'.repeat(15)}`, index, title, score, scoreParts: {}, ranges, outputs: [output], notices };
  });
  const source = { path: '/talk.mp4', sha256: sourceSha256, durationUs: 300_000_000, width: 1920, height: 1080, fps: 25 };
  const manifest = manifestSchema.parse({ schemaVersion: 1, job: { id: 'job1', state: 'done' }, source, stages: [], clips, candidates: [], publications: [], notices: [] });
  writeFileSync(join(outputDir, 'manifest.json'), JSON.stringify(manifest));
  app.jobs.claim({ id: 'job1', sourcePath: '/talk.mp4', outputDir, settings: {} }, app.self);
  app.jobs.release('job1', 'done', null);
  return outputDir;
}

/** The app with its data below `home`. */
export async function appAt(home: string): Promise<App> {
  const paths = resolvePaths({ SNVG_HOME: home }, home);
  const { settings } = await loadSettings({ flags: {}, env: {}, cwd: home, configDir: paths.configDir });
  return openApp({ settings, paths, signal: new AbortController().signal });
}
