import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { FileArtifactStore } from '../artifacts/file-store.js';
import { TaskResults } from '../artifacts/task-results.js';
import { systemClock, type Clock } from '../clock.js';
import type { Paths } from '../config/paths.js';
import type { Settings } from '../config/options.js';
import { Children } from '../jobs/children.js';
import { keepBackup } from '../jobs/backup.js';
import { openDatabase, type Database } from '../jobs/database.js';
import { EventLog } from '../jobs/events.js';
import { Jobs, type JobRow, type LeaseHolder } from '../jobs/jobs.js';
import { Memo } from '../jobs/memo.js';
import { JobQueue } from '../jobs/queue.js';
import { Reviews } from '../jobs/reviews.js';
import { StoredTaskClaims } from '../jobs/task-claims.js';
import { createLogger, type Logger } from '../logger.js';
import type { Backend } from '../pipeline/backends/backend.js';
import { Resources } from '../pipeline/resources.js';
import type { TaskClaims } from '../pipeline/run-task.js';
import type { Toolchain } from '../pipeline/stage.js';
import { isSameProcessAlive, ownIdentity, startTimeOf } from '../process/identity.js';
import { reapOrphans } from '../process/reaper.js';
import { observeChildren } from '../process/child.js';
import { removeScratchOfTheDead, requireScratchPlace, Scratch } from './scratch.js';
import { Exclusive } from './exclusive.js';
import { openBackend } from './open-backend.js';
import { findToolchain } from './toolchain.js';

export type { JobRow };

/** What a command is built from. Everything that was opened is closed in reverse order by `close`. */
export interface App {
  readonly settings: Settings;
  readonly paths: Paths;
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborted by the first SIGINT or SIGTERM, with the error to end with as its reason. */
  readonly signal: AbortSignal;
  readonly self: LeaseHolder;
  readonly jobs: Jobs;
  /** Jobs that wait for a coordinator. */
  readonly queue: JobQueue;
  readonly events: EventLog;
  /** What a person said about clips. */
  readonly reviews: Reviews;
  readonly memo: Memo;
  readonly store: FileArtifactStore;
  readonly results: TaskResults;
  /** What processes of this machine take one at a time. */
  readonly claims: TaskClaims;
  /** Finds ffmpeg and the shipped models and fonts, once. @throws {SnvgError} FFMPEG_*, MODEL_* */
  toolchain(): Promise<Toolchain>;
  backend(): Promise<Backend>;
  /** What only one job at a time may do, on this machine. */
  readonly exclusive: Exclusive;
  /** Nothing may be written. */
  readonly readOnly: boolean;
  /** Keeps a copy of the database, a day old at most. */
  backUp(): Promise<void>;
  /** Ends the children of runs that were killed and removes what they left in scratch. */
  clearUpAfterTheDead(): Promise<void>;
  close(): Promise<void>;
}

export interface AppOptions {
  settings: Settings;
  paths: Paths;
  signal: AbortSignal;
  /** A run that must leave no trace reads an existing database but creates none and remembers nothing. */
  readOnly?: boolean;
}

/** The composition root. */
export async function openApp(options: AppOptions): Promise<App> {
  const { settings, paths, signal } = options;
  await requireScratchPlace(paths);
  const clock = systemClock;
  const log = createLogger(settings.logLevel);
  const self: LeaseHolder = { host: hostname(), ...ownIdentity() };
  const db = openDatabase(options.readOnly && !existsSync(paths.databaseFile) ? ':memory:' : paths.databaseFile);
  const memo = new Memo(db);
  const scratch = new Scratch(paths);
  const clearUpAfterTheDead = (): Promise<void> => cleanUpAfterTheDead(db, paths, log);
  if (!options.readOnly) await clearUpAfterTheDead();
  const resources = new Resources();
  let toolchain: Promise<Toolchain> | undefined;
  let backend: Promise<Backend> | undefined;
  const store = new FileArtifactStore(paths.artifactsDir, { readOnly: options.readOnly ?? false });
  const results = new TaskResults(join(paths.cacheDir, 'results'));
  const isAlive = (holder: LeaseHolder): boolean => holder.host !== self.host || isSameProcessAlive(holder);
  const claims = new StoredTaskClaims(db, self, isAlive);
  const app: App = {
    settings,
    paths,
    clock,
    log,
    signal,
    self,
    jobs: new Jobs(db, clock, isAlive),
    queue: new JobQueue(db, clock, isAlive),
    events: new EventLog(db),
    reviews: new Reviews(db, clock),
    memo,
    store,
    results,
    claims,
    toolchain: () => {
      toolchain ??= findToolchain(settings, memo);
      return toolchain;
    },
    backend: () => {
      backend ??= app.toolchain().then(async (tools) => {
        await scratch.make();
        return openBackend(settings, { store, results, toolchain: tools, resources, claims, scratchRoot: scratch.root, log }, { paths, memo });
      });
      return backend;
    },
    exclusive: new Exclusive(claims),
    readOnly: options.readOnly ?? false,
    backUp: () => (options.readOnly ? Promise.resolve() : keepBackup(db, clock.nowMs()).catch((error: unknown) => log.info({ error }, 'the database could not be copied'))),
    clearUpAfterTheDead,
    close: async () => {
      await (await backend?.catch(() => undefined))?.close();
      try {
        claims.releaseAll();
      } catch (error) {
        // Claims go with this process; why the command failed must not be hidden by this.
        log.info({ error }, 'claims could not be given back');
      }
      observeChildren(undefined);
      await scratch.remove();
      await app.backUp();
      db.close();
    },
  };
  recordChildren(new Children(db), log);
  return app;
}

/** Writes down every child while it lives, so that a later run can end it should this one be killed. */
function recordChildren(children: Children, log: Logger): void {
  const owner = ownIdentity();
  // A full disk must not leave a child running that nobody waits for: it is found by its owner's tag as well.
  const tried = (record: () => void): void => {
    try {
      record();
    } catch (error) {
      log.info({ error }, 'a child process could not be written down');
    }
  };
  observeChildren({
    started: ({ pid, command }) => {
      const startTime = startTimeOf(pid);
      if (startTime !== undefined) tried(() => children.add({ child: { pid, startTime }, owner, command }));
    },
    ended: ({ pid }) => tried(() => children.remove(pid)),
  });
}

/** Ends children of killed runs and removes their scratch folders. */
async function cleanUpAfterTheDead(db: Database, paths: Paths, log: Logger): Promise<void> {
  const children = new Children(db);
  const known = children.all();
  const reaped = reapOrphans(known);
  if (reaped.length > 0) log.info({ pids: reaped }, 'ended children of a run that was killed');
  for (const { child, owner } of known) {
    if (!isSameProcessAlive(owner)) children.remove(child.pid);
  }
  await removeScratchOfTheDead(paths);
}
