import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openApp, type App } from '../../src/app/app.js';
import { manifest as manifestSchema, type Manifest } from '../../src/artifacts/schemas/manifest.js';
import { loadSettings } from '../../src/config/load.js';
import type { OptionKey } from '../../src/config/options.js';
import { resolvePaths } from '../../src/config/paths.js';
import { temporaryFolder } from '../support/temporary-folder.js';

export interface WantedClip {
  title: string;
  lineage: string;
  startS: number;
  endS: number;
}

/** A machine with jobs that have delivered, and time that the test moves by hand. */
export class Workshop {
  readonly dir = temporaryFolder();
  nowMs: number;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  /** An app as a command opens it, with these flags. */
  async open(flags: Partial<Record<OptionKey, unknown>> = {}): Promise<App> {
    const env = { SNVG_HOME: join(this.dir, 'home') };
    const paths = resolvePaths(env);
    const { settings } = await loadSettings({ flags, env, cwd: this.dir, configDir: paths.configDir });
    const app = await openApp({ settings, paths, signal: new AbortController().signal });
    onTestFinished(() => app.close());
    return { ...app, clock: { nowMs: () => this.nowMs, monotonicMs: () => performance.now() } };
  }

  /** The output folder of a job whose clips are a few bytes each. */
  async deliver(name: string, clips: readonly WantedClip[], source = 'b'.repeat(64)): Promise<string> {
    const outputDir = join(this.dir, name);
    mkdirSync(outputDir, { recursive: true });
    const made: Manifest['clips'] = clips.map(({ title, lineage, startS, endS }, index) => {
      const stem = `0${index + 1}-${lineage}`;
      const bytes = Buffer.from(`film of ${title}`);
      writeFileSync(join(outputDir, `${stem}.mp4`), bytes);
      writeFileSync(join(outputDir, `${stem}.jpg`), 'cover');
      writeFileSync(join(outputDir, `${stem}.json`), JSON.stringify({ description: 'What they heard.', hashtags: ['#words'] }));
      const film = { format: 'vertical', path: `${stem}.mp4`, sha256: createHash('sha256').update(bytes).digest('hex'), width: 1080, height: 1920, durationUs: (endS - startS) * 1e6, fps: 25, sizeBytes: bytes.length, language: 'en', integratedLufs: -14, truePeakDbtp: -1, captions: null, faceCoverage: null, receipt: `${stem}.json` };
      return { id: `c${index + 1}`, lineage, index: index + 1, title, score: 80, scoreParts: {}, ranges: [{ startUs: startS * 1e6, endUs: endS * 1e6 }], outputs: [film], notices: [] };
    });
    const content: Manifest = { schemaVersion: 1, job: { id: name, state: 'done' }, source: { path: '/talk.mp4', sha256: source, durationUs: 600e6, width: 1920, height: 1080, fps: 25 }, stages: [], clips: made, candidates: [], publications: [], notices: [] };
    writeFileSync(join(outputDir, 'manifest.json'), JSON.stringify(manifestSchema.parse(content)));
    const app = await this.open();
    app.jobs.claim({ id: name, sourcePath: '/talk.mp4', outputDir, settings: {} }, app.self);
    app.jobs.release(name, 'done', null);
    return outputDir;
  }
}

export const threeClips: readonly WantedClip[] = [
  { title: 'First words', lineage: 'm1', startS: 0, endS: 30 },
  { title: 'Second words', lineage: 'm2', startS: 40, endS: 70 },
  { title: 'Third words', lineage: 'm3', startS: 80, endS: 110 },
];
