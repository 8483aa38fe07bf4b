/**
 * The import rules of docs/adr and CONTRIBUTING.md, as a linter.
 * Type-only imports are free everywhere: they leave no trace in the compiled program.
 * test/architecture/import-rules.test.ts plants a violation of each kind and sees it refused.
 */

/** Leaves: small, dependency-free modules that anyone may import. */
const leaves = '^src/(errors|logger|clock|secrets|secret-finder)\\.ts$';
const errorsOnly = '^src/(errors|secrets)\\.ts$';

const room = (name) => `^src/${name}/`;
/** The composition root: app.ts and what it is split into. */
const app = '^src/app(\\.ts$|/)';
/** What declares commands and their flags. */
const cli = '^src/cli(\\.ts$|/)';
const pipelineCore = '^src/pipeline/[^/]+\\.ts$';
/** What talks about platforms without being one: the contract, its errors, its transport. */
const publisherContract = '^src/publishers/[^/]+\\.ts$';
const stageFolder = '^src/pipeline/(ingest|transcribe|analyze|segment|render|publish)/';

/** A layer may import itself and what is listed; anything else in src is refused. */
function layer(name, from, allowed, comment) {
  return {
    name,
    severity: 'error',
    comment,
    from,
    to: { path: '^src/', pathNot: allowed, dependencyTypesNot: ['type-only'] },
  };
}

/** One package, one home. */
function onlyHome(name, packages, home, comment) {
  return {
    name,
    severity: 'error',
    comment,
    from: { path: '^src/', pathNot: home },
    to: { path: `(^|/)node_modules/(${packages})(/|$)`, dependencyTypesNot: ['type-only'] },
  };
}

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'Two modules that need each other are one module, or miss a third.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      comment: 'Every import must be found on disk or in package.json.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-dev-package-in-product',
      severity: 'error',
      comment: 'What src imports must be installed with snvg.',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'product-knows-no-test',
      severity: 'error',
      comment: 'src is complete without its tests and benches.',
      from: { path: '^src/' },
      to: { path: '^(test|bench|script)/' },
    },

    layer('cli', { path: cli }, [cli, room('commands'), app, room('ui'), room('config'), errorsOnly], 'cli → commands, app, ui, config, errors'),
    layer('commands', { path: room('commands') }, [room('commands'), app, room('ui'), room('config'), errorsOnly], 'commands → app, ui, config, errors'),
    layer(
      'pipeline-core',
      { path: pipelineCore, pathNot: '^src/pipeline/stages\\.ts$' },
      [pipelineCore, room('artifacts'), room('process'), leaves],
      'pipeline/*.ts → artifacts, process, errors, clock, logger (jobs by type); stage folders only through stages.ts',
    ),
    layer(
      'pipeline-stages-registry',
      { path: '^src/pipeline/stages\\.ts$' },
      [pipelineCore, room('artifacts'), room('process'), leaves, stageFolder],
      'pipeline/stages.ts is the one registry of stage folders',
    ),
    {
      name: 'stages-load-when-needed',
      severity: 'error',
      comment: 'pipeline/stages.ts imports a stage only dynamically, so that a command loads what it runs.',
      from: { path: '^src/pipeline/stages\\.ts$' },
      to: { path: stageFolder, dynamic: false, dependencyTypesNot: ['type-only'] },
    },
    layer(
      'stage',
      { path: stageFolder, pathNot: '^src/pipeline/publish/' },
      [
        '^src/pipeline/$1/',
        pipelineCore,
        room('media'),
        room('inference'),
        room('captions'),
        room('text'),
        room('process'),
        room('artifacts'),
        leaves,
      ],
      'pipeline/<stage> → pipeline/*.ts, media, inference, captions, text, process, artifacts, errors, clock, logger; never another stage',
    ),
    layer('publish-stage', { path: '^src/pipeline/publish/' }, ['^src/pipeline/publish/', pipelineCore, '^src/publishers/faults\\.ts$', room('process'), room('artifacts'), leaves], 'pipeline/publish → pipeline/*.ts, publishers/faults, process, artifacts, errors; publishers and the ledger come by its context'),
    {
      name: 'stage-knows-no-registry',
      severity: 'error',
      comment: 'A stage that imports the registry of stages imports every stage.',
      from: { path: stageFolder },
      to: { path: '^src/pipeline/stages\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    layer(
      'backends',
      { path: '^src/pipeline/backends/' },
      ['^src/pipeline/backends/', pipelineCore, room('artifacts'), room('process'), leaves],
      'pipeline/backends → pipeline/*.ts, artifacts, process, errors',
    ),
    layer(
      'backend',
      { path: '^src/pipeline/backends/([^/]+)/', pathNot: '^src/pipeline/backends/wire/' },
      ['^src/pipeline/backends/$1/', '^src/pipeline/backends/wire/', '^src/pipeline/backends/[^/]+\\.ts$', pipelineCore, room('artifacts'), room('process'), leaves],
      'pipeline/backends/<one> → backends/*.ts, backends/wire, pipeline/*.ts, artifacts, process, errors; never a sibling',
    ),
    layer('worker', { path: room('worker') }, [room('worker'), '^src/pipeline/backends/(wire/|[^/]+\\.ts$)', pipelineCore, room('artifacts'), room('process'), leaves], 'worker → backends/wire, pipeline/*.ts, artifacts, process, errors: the other end of a link'),
    layer(
      'publisher-contract',
      { path: '^src/publishers/[^/]+\\.ts$' },
      [room('publishers'), room('process'), leaves],
      'publishers/*.ts → publishers, process, errors',
    ),
    layer(
      'publisher',
      { path: '^src/publishers/([^/]+)/' },
      ['^src/publishers/$1/', '^src/publishers/[^/]+\\.ts$', room('process'), leaves],
      'publishers/<platform> → publishers/*.ts, process, errors; never a sibling',
    ),
    layer('output', { path: room('output') }, [room('output'), room('artifacts'), leaves], 'output → artifacts, errors, logger, clock'),
    layer('sources', { path: room('sources') }, [room('sources'), room('s3'), room('process'), '^src/artifacts/atomic-file\\.ts$', leaves], 'sources → s3, process, errors; artifacts/atomic-file to write files whole'),
    layer('ledger', { path: room('ledger') }, [room('ledger'), room('s3'), leaves], 'ledger → s3, errors, clock, logger (jobs and publishers by type)'),
    layer('s3', { path: room('s3') }, [room('s3'), leaves], 's3 → errors'),
    layer('accounts', { path: room('accounts') }, [room('accounts'), publisherContract, room('process'), '^src/artifacts/atomic-file\\.ts$', leaves], 'accounts → publishers/*.ts, process, errors; artifacts/atomic-file to write files whole'),
    layer('schedule', { path: room('schedule') }, [room('schedule'), leaves], 'schedule → errors, clock'),
    layer('sandbox', { path: room('sandbox') }, [room('sandbox'), publisherContract, leaves], 'sandbox → publishers/*.ts, errors; it knows the platforms, not their publishers'),
    layer('media', { path: room('media') }, [room('media'), room('process'), '^src/artifacts/byte-range\\.ts$', leaves], 'media → process, errors; artifacts/byte-range for parts of files'),
    layer('inference', { path: room('inference') }, [room('inference'), room('process'), leaves], 'inference → process, errors'),
    layer('captions', { path: room('captions') }, [room('captions'), errorsOnly], 'captions → nothing but errors'),
    layer('text', { path: room('text') }, [room('text'), errorsOnly], 'text → nothing but errors'),
    layer('artifacts', { path: room('artifacts') }, [room('artifacts'), room('s3'), leaves], 'artifacts → s3, errors, logger, clock'),
    ...['jobs', 'config', 'ui', 'process'].map((name) =>
      layer(name, { path: room(name) }, [room(name), leaves], `${name} → errors, logger, clock`),
    ),
    layer('leaves', { path: leaves }, [leaves], 'errors, logger, clock and secrets (with their finder) import nothing of ours but each other'),
    {
      name: 'options-are-plain-data',
      severity: 'error',
      comment: '`snvg --help` reads config/options.ts, so it imports nothing at all.',
      from: { path: '^src/config/options\\.ts$' },
      to: { dependencyTypesNot: ['type-only'] },
    },

    onlyHome('fluent-ffmpeg-home', 'fluent-ffmpeg', '^src/media/ffmpeg\\.ts$', 'It builds argument lists, in one module (ADR 0002).'),
    onlyHome('execa-home', 'execa', '^src/process/child\\.ts$', 'Every child process is started by process/child.ts (ADR 0002).'),
    onlyHome('onnxruntime-home', 'onnxruntime-[^/]+', '^src/inference/', 'Models run behind src/inference (ADR 0003).'),
    onlyHome('better-sqlite3-home', 'better-sqlite3', '^src/jobs/', 'The database has one home (ADR 0005).'),
    onlyHome('ink-home', '(ink|react|react-reconciler)', '^src/ui/ink/', 'The live view alone draws with ink.'),
    onlyHome('address-guard-home', 'ipaddr\\.js', '^src/sources/http/', 'What counts as a public address is decided in one place.'),
    onlyHome('s3-home', '@aws-sdk/[^/]+', '^src/(s3/|sources/s3/|artifacts/s3-[^/]+\\.ts$)', 'The store’s client is loaded when an s3:// address is named.'),
    onlyHome('bullmq-home', '(bullmq|ioredis)', '^src/pipeline/backends/queue/', 'The queue is one backend among others.'),
    onlyHome('croner-home', 'croner', '^src/schedule/', 'Times of day, zones and their changes are worked out in one place.'),
    onlyHome('oauth-home', 'oauth4webapi', '^src/accounts/', 'Logins are made in one place.'),
    onlyHome('keyring-home', '@napi-rs/keyring', '^src/accounts/', 'Secrets are kept in one place.'),
    onlyHome('glob-home', 'tinyglobby', '^src/sources/', 'Patterns are expanded where inputs are named.'),
    onlyHome('googleapis-home', 'googleapis', '^src/publishers/', 'A platform’s client belongs to its publisher.'),
    onlyHome('twitter-home', 'twitter-api-v2', '^src/publishers/', 'A platform’s client belongs to its publisher.'),
    {
      name: 'web-home',
      severity: 'error',
      comment: 'Inputs are fetched from the web behind one guard against private addresses; platforms are reached by one transport; a worker tells its health at one endpoint.',
      from: { path: '^src/', pathNot: '^src/(sources/http/|publishers/send\\.ts$|sandbox/server\\.ts$|accounts/loopback\\.ts$|app/queue/health\\.ts$)' },
      to: { path: '^(node:)?https?$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'child-process-home',
      severity: 'error',
      comment: 'A child that process/child.ts did not start is not found again after a kill (ADR 0009).',
      from: { path: '^src/', pathNot: '^src/process/' },
      to: { path: '^(node:)?child_process$', dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['main', 'types'],
    },
  },
};
