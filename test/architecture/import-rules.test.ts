import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const repository = resolve(import.meta.dirname, '../..');

/**
 * A small project under the real rules. Each file's imports are either legal (no comment)
 * or name the rule that must refuse them: `// ✗ rule-name`.
 */
const planted: Record<string, string> = {
  'src/errors.ts': 'export const errors = 1;',
  'src/clock.ts': "import './errors.js';\nimport './media/probe.js'; // ✗ leaves",
  'src/logger.ts': 'export const logger = 1;',
  'src/app/queue/health.ts': "import 'node:http';\nimport 'bullmq'; // ✗ bullmq-home",
  'src/app/queue/queue-worker.ts': "import './health.js';\nimport 'node:http'; // ✗ web-home",
  'src/app.ts': "import './jobs/database.js';\nimport './pipeline/stages.js';\nimport './publishers/registry.js';",
  'src/cli.ts': "import './app.js';\nimport './ui/plain.js';\nimport('./commands/process.js');\nimport './jobs/database.js'; // ✗ cli",
  'src/commands/process.ts': "import '../app.js';\nimport '../config/options.js';\nimport '../pipeline/stages.js'; // ✗ commands",
  'src/config/options.ts': "import '../errors.js'; // ✗ options-are-plain-data",
  'src/config/load.ts': "import '../logger.js';\nimport './options.js';\nimport '../media/probe.js'; // ✗ config",
  'src/ui/plain.ts': "import '../errors.js';\nimport '../text/words.js'; // ✗ ui\nimport 'ink'; // ✗ ink-home",
  'src/ui/ink/view.ts': "import 'ink';\nimport 'react';",
  'src/jobs/database.ts': "import 'better-sqlite3';\nimport '../clock.js';\nimport '../artifacts/store.js'; // ✗ jobs",
  'src/artifacts/store.ts': "import '../errors.js';\nimport 'better-sqlite3'; // ✗ better-sqlite3-home\nimport '../jobs/database.js'; // ✗ artifacts",
  'src/process/child.ts': "import 'execa';\nimport 'node:child_process';\nimport '../media/probe.js'; // ✗ process",
  'src/sources/http/index.ts': "import 'node:https';\nimport 'ipaddr.js';\nimport '../../artifacts/atomic-file.js';\nimport '../../artifacts/store.js'; // ✗ sources",
  'src/s3/client.ts': "import '@aws-sdk/client-s3';\nimport '../errors.js';\nimport '../sources/page.js'; // ✗ s3",
  'src/ledger/ledger.ts': "import '../s3/client.js';\nimport '../clock.js';\nimport '../jobs/database.js'; // ✗ ledger",
  'src/accounts/login.ts': "import 'oauth4webapi';\nimport '@napi-rs/keyring';\nimport '../publishers/publisher.js';\nimport '../publishers/x/index.js'; // ✗ accounts",
  'src/schedule/slots.ts': "import 'croner';\nimport '../clock.js';\nimport '../ledger/ledger.js'; // ✗ schedule\nimport 'oauth4webapi'; // ✗ oauth-home",
  'src/sandbox/server.ts': "import 'node:http';\nimport '../publishers/publisher.js';\nimport '../publishers/x/index.js'; // ✗ sandbox\nimport 'croner'; // ✗ croner-home\nimport '@napi-rs/keyring'; // ✗ keyring-home",
  'src/pipeline/publish/index.ts': "import '../stage.js';\nimport '../../publishers/faults.js';\nimport '../../publishers/publisher.js'; // ✗ publish-stage",
  'src/publishers/faults.ts': 'export const faults = 1;',
  'src/sources/s3/index.ts': "import '@aws-sdk/client-s3';\nimport '../../s3/client.js';\nimport 'node:http'; // ✗ web-home\nimport 'ipaddr.js'; // ✗ address-guard-home",
  'src/sources/page.ts': "import 'tinyglobby';\nimport '../process/child.js';\nimport '@aws-sdk/client-s3'; // ✗ s3-home",
  'src/artifacts/atomic-file.ts': "import 'tinyglobby'; // ✗ glob-home",
  'src/output/folder.ts': "import '../artifacts/store.js';\nimport '../logger.js';\nimport '../media/probe.js'; // ✗ output",
  'src/artifacts/byte-range.ts': 'export const bytesIn = 0;',
  'src/media/ffmpeg.ts': "import 'fluent-ffmpeg';\nimport '../process/child.js';\nimport '../artifacts/byte-range.js';\nimport '../artifacts/atomic-file.js'; // ✗ media",
  'src/media/probe.ts': [
    "import 'fluent-ffmpeg'; // ✗ fluent-ffmpeg-home",
    "import 'execa'; // ✗ execa-home",
    "import 'node:child_process'; // ✗ child-process-home",
    "import 'vitest'; // ✗ no-dev-package-in-product",
    "import './nowhere.js'; // ✗ no-unresolvable",
    "import '../captions/cues.js'; // ✗ media",
    "import type { store } from '../artifacts/store.js';",
    'export type Store = typeof store;',
  ].join('\n'),
  'src/inference/session.ts': "import 'onnxruntime-node';\nimport '../errors.js';\nimport '../media/probe.js'; // ✗ inference",
  'src/captions/cues.ts': "import '../errors.js';\nimport '../logger.js'; // ✗ captions",
  'src/text/words.ts': "import '../errors.js';\nimport '../clock.js'; // ✗ text",
  'src/pipeline/stage.ts': "import '../artifacts/store.js';\nimport '../errors.js';\nexport const stage = 1;",
  'src/pipeline/runner.ts': "import './stage.js';\nimport './stages.js';\nimport './ingest/index.js'; // ✗ pipeline-core\nimport '../jobs/database.js'; // ✗ pipeline-core",
  'src/pipeline/stages.ts': [
    "import './stage.js';",
    "export const load = () => import('./ingest/index.js');",
    "import './render/index.js'; // ✗ stages-load-when-needed",
    "import '../publishers/registry.js'; // ✗ pipeline-stages-registry",
  ].join('\n'),
  'src/pipeline/ingest/index.ts': "import '../stage.js';\nimport '../../media/ffmpeg.js';\nimport './probe-task.js';",
  'src/pipeline/ingest/probe-task.ts': "import '../../errors.js';\nimport '../stages.js'; // ✗ stage-knows-no-registry ✗ no-cycles",
  'src/pipeline/render/index.ts': [
    "import '../../captions/cues.js';",
    "import '../../text/words.js';",
    "import '../ingest/probe-task.js'; // ✗ stage",
    "import '../../config/load.js'; // ✗ stage",
    "import 'onnxruntime-node'; // ✗ onnxruntime-home",
    "import type { twins } from '../ingest/twin.js';",
    'export type Twins = typeof twins;',
  ].join('\n'),
  'src/pipeline/ingest/twin.ts': 'export const twins = 2;',
  'src/pipeline/backends/local.ts': "import '../stage.js';\nimport '../ingest/twin.js'; // ✗ backends",
  'src/pipeline/backends/wire/link.ts': "import '../../stage.js';",
  'src/pipeline/backends/queue/index.ts': "import 'bullmq';\nimport '../wire/link.js';\nimport '../ssh/index.js'; // ✗ backend",
  'src/pipeline/backends/ssh/index.ts': "import '../wire/link.js';\nimport 'ioredis'; // ✗ bullmq-home",
  'src/worker/agent.ts': "import '../pipeline/backends/wire/link.js';\nimport '../pipeline/stages.js';\nimport '../pipeline/backends/ssh/index.js'; // ✗ worker",
  'src/cli/program.ts': "import '../commands/process.js';\nimport '../pipeline/runner.js'; // ✗ cli",
  'src/publishers/registry.ts': "import './publisher.js';\nimport './file/index.js';\nimport './x/index.js';\nimport '../app.js'; // ✗ publisher-contract ✗ no-cycles",
  'src/publishers/publisher.ts': "import '../errors.js';",
  'src/publishers/file/index.ts': "import '../publisher.js';\nimport '../x/index.js'; // ✗ publisher\nimport '../../media/ffmpeg.js'; // ✗ publisher",
  'src/publishers/x/index.ts': "import 'twitter-api-v2';\nimport '../../process/child.js';",
  'src/inference/remote.ts': "import 'googleapis'; // ✗ googleapis-home\nimport 'twitter-api-v2'; // ✗ twitter-home",
  'src/text/sentences.ts': "import '../../test/media.js'; // ✗ product-knows-no-test",
  'test/media.ts': "import '../src/text/words.js';\nimport '../src/jobs/database.js';",
};

interface Violation {
  from: string;
  to: string;
  rule: { name: string };
}

function run(command: string, args: string[], cwd: string): Promise<string> {
  return new Promise((done) => {
    // Exit code = number of violations: the report on stdout is what counts.
    execFile(command, args, { cwd, maxBuffer: 64 * 1024 * 1024 }, (_error, stdout) => done(stdout));
  });
}

interface Rule {
  name: string;
  from: { path?: string };
  to: { path?: string; pathNot?: unknown };
}

async function rules(): Promise<Rule[]> {
  const configuration = (await import(join(repository, '.dependency-cruiser.mjs'))) as { default: { forbidden: Rule[] } };
  return configuration.default.forbidden;
}

/** `src/a.ts rule-name` for every marked line. */
function expectedViolations(): string[] {
  return Object.entries(planted).flatMap(([file, text]) =>
    text.split('\n').flatMap((line) => [...line.matchAll(/✗ ([\w-]+)/g)].map((mark) => `${file} ${mark[1]}`)),
  );
}

/** A cycle is reported at every module on it: where it is entered does not matter, that it is found does. */
function withoutCycles(list: string[]): string[] {
  return list.filter((line) => !line.endsWith(' no-cycles')).toSorted();
}

describe('import rules', () => {
  let project = '';
  let found: string[] = [];

  beforeAll(async () => {
    project = mkdtempSync(join(tmpdir(), 'snvg-rules-'));
    for (const file of ['.dependency-cruiser.mjs', 'tsconfig.json', 'package.json']) copyFileSync(join(repository, file), join(project, file));
    symlinkSync(join(repository, 'node_modules'), join(project, 'node_modules'));
    for (const [file, text] of Object.entries(planted)) {
      mkdirSync(dirname(join(project, file)), { recursive: true });
      writeFileSync(join(project, file), `${text}\nexport {};\n`);
    }
    const cruiser = join(repository, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
    const output = await run(process.execPath, [cruiser, 'src', 'test', '--config', '.dependency-cruiser.mjs', '--output-type', 'json'], project);
    const report = JSON.parse(output) as { summary: { violations: Violation[] } };
    found = report.summary.violations.map((violation) => `${violation.from} ${violation.rule.name}`);
  });

  afterAll(() => rmSync(project, { recursive: true, force: true }));

  it('refuses each planted violation and nothing else', () => {
    expect(withoutCycles(found)).toEqual(withoutCycles(expectedViolations()));
    expect(found.filter((line) => line.endsWith(' no-cycles')).length).toBeGreaterThan(0);
  });

  it('has a planted violation for every rule', async () => {
    const marked = new Set(expectedViolations().map((line) => line.split(' ')[1]));
    expect((await rules()).map((rule) => rule.name).filter((name) => !marked.has(name))).toEqual([]);
  });

  it('has a rule for every room of src', async () => {
    const layers = (await rules()).filter((rule) => rule.to.pathNot !== undefined && rule.to.path === '^src/');
    const rooms = [
      ...readdirSync(join(repository, 'src'), { withFileTypes: true }).map((entry) => (entry.isDirectory() ? `src/${entry.name}/file.ts` : `src/${entry.name}`)),
      ...readdirSync(join(repository, 'src/pipeline'), { withFileTypes: true }).map((entry) => (entry.isDirectory() ? `src/pipeline/${entry.name}/file.ts` : `src/pipeline/${entry.name}`)),
    ];
    const lawless = rooms.filter((file) => !/^src\/app(\.ts$|\/)/.test(file) && !layers.some((rule) => new RegExp(rule.from.path ?? '(?!)').test(file)));
    expect(lawless).toEqual([]);
  });
});
